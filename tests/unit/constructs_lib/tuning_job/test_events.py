"""What a tuning job offers to others: events, metrics and rights."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns

from constructs_lib import (
    HyperParameterTuningJob,
    IHyperParameterTuningJob,
    IntegerRange,
    Objective,
    Strategy,
    TuningJobStatus,
    ValidationError,
)
from tests.unit.constructs_lib.tuning_job.samples import definition, job_props

SEARCH = "SEARCH('{{\"/aws/sagemaker/TrainingJobs\",TrainingJobName}} MetricName=\"{}\" TrainingJobName=old-job', '{}')"


@pytest.fixture(scope="module")
def template(provider: Any) -> dict[str, Any]:
    app = cdk.App()
    stack = cdk.Stack(app, "Watched")
    job = HyperParameterTuningJob(stack, "Job", **job_props())
    topic = sns.Topic(stack, "Topic")
    ended = [TuningJobStatus.COMPLETED, TuningJobStatus.FAILED]
    job.on_state_change("Ended", statuses=ended, target=targets.SnsTopic(topic))
    job.on_state_change("Every")
    for _ in range(2):
        failed = job.metric_training_jobs_failed()
    failed.create_alarm(stack, "Alarm", threshold=1, evaluation_periods=1)
    dashboard = cloudwatch.Dashboard(stack, "Dashboard")
    dashboard.add_widgets(cloudwatch.GraphWidget(left=[job.metric_objective(), job.metric("validation:bleu")]))
    user = iam.Role(stack, "User", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    job.grant_read(user)
    job.grant_stop(user)
    result: dict[str, Any] = app.synth().get_stack_by_name("Watched").template
    return result


def of_type(template: dict[str, Any], kind: str, part: str = "") -> list[dict[str, Any]]:
    found = template["Resources"].items()
    return [value["Properties"] for name, value in found if value["Type"] == kind and part in name]


def test_a_rule_hears_of_this_job_alone(template: dict[str, Any]) -> None:
    [rule] = of_type(template, "AWS::Events::Rule", "Ended")

    name = rule["EventPattern"]["detail"]["HyperParameterTuningJobName"][0]
    assert name["Fn::GetAtt"][1] == "HyperParameterTuningJobName"
    assert rule["EventPattern"] == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker HyperParameter Tuning Job State Change"],
        "detail": {"HyperParameterTuningJobName": [name], "HyperParameterTuningJobStatus": ["Completed", "Failed"]},
    }
    assert [target["Arn"] for target in rule["Targets"]] == [{"Ref": "TopicBFC7AF6E"}]


def test_a_rule_hears_of_all_states_by_default(template: dict[str, Any]) -> None:
    [rule] = of_type(template, "AWS::Events::Rule", "Every")

    assert list(rule["EventPattern"]["detail"]) == ["HyperParameterTuningJobName"]


def test_counts_of_training_jobs_are_what_one_rule_matched(template: dict[str, Any]) -> None:
    [rule] = of_type(template, "AWS::Events::Rule", "TrainingJobsFailed")
    [alarm] = of_type(template, "AWS::CloudWatch::Alarm")

    [name] = rule["EventPattern"]["detail"]["TrainingJobName"]
    assert name["prefix"]["Fn::Join"][1][1] == "-"
    assert rule["EventPattern"]["detail"]["TrainingJobStatus"] == ["Failed"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Events", "MatchedEvents", "Sum")
    assert alarm["Dimensions"][0]["Value"]["Ref"].startswith("JobTrainingJobsFailed")


def test_rights_are_those_to_the_job_and_its_training_jobs(template: dict[str, Any]) -> None:
    [policy] = of_type(template, "AWS::IAM::Policy", "User")

    actions = [statement["Action"] for statement in policy["PolicyDocument"]["Statement"]]
    assert [action if isinstance(action, str) else sorted(action) for action in actions] == [
        [
            "sagemaker:DescribeHyperParameterTuningJob",
            "sagemaker:DescribeTrainingJob",
            "sagemaker:ListTags",
            "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
        ],
        "sagemaker:StopHyperParameterTuningJob",
    ]


def test_metrics_of_an_imported_job_search_by_its_name(stack: cdk.Stack) -> None:
    job: IHyperParameterTuningJob = HyperParameterTuningJob.from_tuning_job_name(stack, "Old", "old-job")

    assert job.metric("train:loss").expression == SEARCH.format("train:loss", "Average")
    assert str(stack.resolve(job.tuning_job_arn)).endswith(":hyper-parameter-tuning-job/old-job']]}")


def test_the_objective_is_the_best_in_its_direction(stack: cdk.Stack) -> None:
    lower = HyperParameterTuningJob(stack, "Lower", **job_props())
    higher = HyperParameterTuningJob(stack, "Higher", **job_props(objective=Objective.maximize("validation:bleu")))

    assert lower.metric_objective().expression.startswith("MIN(SEARCH(")
    assert lower.metric_objective().expression.endswith(", 'Minimum'))")
    assert higher.metric_objective().expression.startswith("MAX(SEARCH(")
    assert higher.metric_objective().label == "validation:bleu"


def test_several_objectives_have_no_best(stack: cdk.Stack) -> None:
    each = [
        definition(definition_name=metric, objective=Objective.maximize(f"validation:{metric}"),
                   ranges=[IntegerRange("num_layers_encoder", min=1, max=9)])
        for metric in ("bleu", "accuracy")
    ]  # fmt: skip
    props = job_props(objective=None, ranges=None, training_job_definition=None, strategy=Strategy.RANDOM)
    job = HyperParameterTuningJob(stack, "Several", **props, training_job_definitions=each)

    with pytest.raises(ValidationError) as caught:
        job.metric_objective()

    assert str(caught.value) == (
        "Tuning/Several: metric_objective needs one objective, got validation:accuracy, validation:bleu: "
        'name a metric, as in metric("validation:bleu")'
    )
