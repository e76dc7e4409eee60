"""Publishing results, alarms of them, and registering the best model: what they become in templates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Match, Template
from cdk_nag import AwsSolutionsChecks
from cfnlint import ManualArgs, lint

from constructs_lib import (
    BestModel,
    BestModelPackage,
    HyperParameterTuningJob,
    ResourceLimits,
    TuningJobResult,
    ValidationError,
)
from tests.unit.constructs_lib.tuning_job.samples import job_props


class Deployment:
    """A stack with two published jobs, and one that uses the first result."""

    def __init__(self, folder: Path) -> None:
        self.app = cdk.App(outdir=str(folder), analytics_reporting=False)
        stack, user = cdk.Stack(self.app, "Tuning"), cdk.Stack(self.app, "Serving")
        topic = sns.Topic(stack, "Topic", enforce_ssl=True)
        job = HyperParameterTuningJob(stack, "Job", **job_props())
        self.result = job.publish_result(topic=topic)
        self.result.add_alarms(action=actions.SnsAction(topic))
        HyperParameterTuningJob(stack, "Second", **job_props()).publish_result(
            parameter_name="second", reconcile_every=cdk.Duration.minutes(5)
        )
        self.parameter = job.best_training_job_parameter
        role = iam.Role(user, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        imported = HyperParameterTuningJob.from_result_parameter(user, "Result", "/tuning/Tuning/Job")
        imported.grant_read(role)
        best = BestModel(user, "Model", result=imported, role=role, revision="1")
        cdk.CfnOutput(user, "Best", value=best.training_job_name)
        self.user = user
        self.registry = self._registry()
        self.serving = Template.from_stack(user).to_json()
        self.tuning = Template.from_stack(stack)

    def _registry(self) -> cdk.Stack:
        stack = cdk.Stack(self.app, "Registry")
        package = BestModelPackage(
            stack,
            "Package",
            result=HyperParameterTuningJob.from_result_parameter(stack, "Result", "/tuning/Tuning/Job"),
            group=sagemaker.CfnModelPackageGroup(stack, "Group", model_package_group_name="translation"),
            supported_content_types=["application/json"],
            supported_response_mime_types=["application/json"],
        )
        cdk.CfnOutput(stack, "Version", value=package.model_package_arn)
        return stack


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return Deployment(tmp_path_factory.mktemp("cdk.out"))


def only(template: Mapping[str, Any], kind: str) -> dict[str, Any]:
    (found,) = [entry for entry in template["Resources"].values() if entry["Type"] == kind]
    properties: dict[str, Any] = found["Properties"]
    return properties


def test_a_published_job_adds_a_parameter_and_a_rule(deployment: Deployment) -> None:
    deployment.tuning.resource_count_is("AWS::Events::Rule", 2)
    deployment.tuning.resource_count_is("AWS::SSM::Parameter", 2)
    deployment.tuning.has_resource_properties(
        "AWS::SSM::Parameter", {"Name": "/tuning/Tuning/Job", "Tier": "Intelligent-Tiering", "Type": "String"}
    )
    deployment.tuning.has_resource_properties(
        "AWS::Events::Rule",
        {
            "ScheduleExpression": "rate(5 minutes)",
            "EventPattern": {
                "source": ["aws.sagemaker"],
                "detail-type": ["SageMaker HyperParameter Tuning Job State Change"],
                "detail": {"HyperParameterTuningJobStatus": ["Completed", "Failed", "Stopped"]},
            },
        },
    )


def test_jobs_of_a_stack_share_the_publisher(deployment: Deployment) -> None:
    functions = deployment.tuning.find_resources(
        "AWS::Lambda::Function", {"Properties": {"Handler": "handlers.result.publish"}}
    )

    assert len(functions) == 1


def test_alarms_of_failure_of_running_too_long_and_of_the_publisher(deployment: Deployment) -> None:
    deployment.tuning.resource_count_is("AWS::CloudWatch::Alarm", 3)
    for metric, threshold, period in (
        ("TuningJobFailed", 0, 300),
        ("TuningJobRunningSeconds", 4 * 3600, 3600),
        ("Errors", 0, 300),
    ):
        deployment.tuning.has_resource_properties(
            "AWS::CloudWatch::Alarm",
            {
                "MetricName": metric,
                "Threshold": threshold,
                "Period": period,
                "TreatMissingData": "notBreaching",
                "AlarmActions": [Match.any_value()],
            },
        )


def test_the_best_model_is_registered_from_the_imported_result(deployment: Deployment) -> None:
    best = only(deployment.serving, "Custom::BestTrainingJob")
    model = only(deployment.serving, "AWS::SageMaker::Model")

    assert (best["ParameterName"], best["Revision"]) == ("/tuning/Tuning/Job", "1")
    assert model["EnableNetworkIsolation"] is True
    assert model["PrimaryContainer"]["ModelDataUrl"]["Fn::GetAtt"][1] == "S3ModelArtifacts"
    assert model["PrimaryContainer"]["Image"]["Fn::GetAtt"][1] == "TrainingImage"
    assert '"ssm:GetParameter"' in json.dumps(deployment.serving)


def test_the_best_model_is_a_version_in_a_model_package_group(deployment: Deployment) -> None:
    template = Template.from_stack(deployment.registry)
    (best,) = template.find_resources("Custom::BestTrainingJob")
    group_arn = {"Ref": "Group"}

    template.has_resource_properties(
        "AWS::SageMaker::ModelPackage",
        {
            "ModelPackageGroupName": {"Fn::Select": [1, {"Fn::Split": ["/", group_arn]}]},
            "ModelApprovalStatus": "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [
                    {
                        "Image": {"Fn::GetAtt": [best, "TrainingImage"]},
                        "ModelDataUrl": {"Fn::GetAtt": [best, "S3ModelArtifacts"]},
                    }
                ],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            "CustomerMetadataProperties": {
                "TrainingJobName": {"Fn::GetAtt": [best, "TrainingJobName"]},
                "ObjectiveValue": {"Fn::GetAtt": [best, "ObjectiveValue"]},
            },
        },
    )


def test_templates_are_clean(deployment: Deployment) -> None:
    report = AwsSolutionsChecks(deployment.app).validate_scope(deployment.app)

    assert [(each.rule_name, each.violating_resources[0].construct_path) for each in report.violations] == []
    registry = Template.from_stack(deployment.registry).to_json()
    for template in (deployment.tuning.to_json(), deployment.serving, registry):
        # W3005: a dependency that a reference implies; CDK writes both.
        problems = lint(json.dumps(template), config=ManualArgs(regions=["eu-west-1"], ignore_checks=["W3005"]))
        assert [str(problem) for problem in problems] == []


def job(**changes: Any) -> HyperParameterTuningJob:
    return HyperParameterTuningJob(cdk.Stack(cdk.App(), "Tuning"), "Job", **job_props(**changes))


def test_the_result_must_be_published_once() -> None:
    made = job()
    with pytest.raises(ValidationError, match="needs a published result: call publish_result"):
        _ = made.best_training_job_parameter
    made.publish_result()
    with pytest.raises(ValidationError, match="publish_result must be called once"):
        made.publish_result()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"parameter_name": "a/b"}, "parameter_name must begin with a slash if it has one, got 'a/b'"),
        (
            {"reconcile_every": cdk.Duration.seconds(90)},
            "reconcile_every must be whole minutes, at least 1, got 90 seconds",
        ),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TuningJobResult(cdk.Stack(), "Result", tuning_job_name="n", tuning_job_arn="arn:aws:x", **arguments)

    assert message in str(raised.value)


def test_a_model_package_needs_its_mime_types() -> None:
    stack = cdk.Stack()
    imported = HyperParameterTuningJob.from_result_parameter(stack, "Result", "/p")
    group = sagemaker.CfnModelPackageGroup(stack, "Group", model_package_group_name="g")
    with pytest.raises(ValidationError) as raised:
        BestModelPackage(
            stack,
            "Package",
            result=imported,
            group=group,
            supported_content_types=[],
            supported_response_mime_types=["text/csv"],
            description="x" * 1025,
        )

    assert "supported_content_types must have at least one MIME type, got none" in str(raised.value)
    assert "description must have at most 1024 characters, got 1025" in str(raised.value)


def test_an_alarm_needs_a_limit_that_is_known() -> None:
    stack = cdk.Stack()
    runtime = cdk.Duration.seconds(cdk.CfnParameter(stack, "Runtime", type="Number").value_as_number)
    jobs = cdk.CfnParameter(stack, "Jobs", type="Number").value_as_number
    limits = ResourceLimits(max_parallel_training_jobs=1, max_number_of_training_jobs=jobs, max_runtime=runtime)
    result = HyperParameterTuningJob(stack, "Job", **job_props(resource_limits=limits)).publish_result()

    with pytest.raises(ValidationError, match="running_longer_than must be given"):
        result.add_alarms()
    result.add_alarms(running_longer_than=cdk.Duration.days(1))
