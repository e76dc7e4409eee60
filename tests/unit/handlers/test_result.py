from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from infra.handlers import best_training_job, clients, result
from tests.support.fake_aws import ARN, FakeParameters, FakeSageMaker, FakeTopics, Refusal, client
from tests.support.tuning_resource import NAME, event

PARAMETER = "/tuning/Tuning/Job"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:results"
INITIAL = json.dumps({"HyperParameterTuningJobName": NAME, "HyperParameterTuningJobStatus": "InProgress"})
LOGS = "(log group /group, stream stream-1)"
COUNTERS = {
    "TrainingJobStatusCounters": {"Completed": 3, "InProgress": 0, "RetryableError": 0, "NonRetryableError": 1},
    "ObjectiveStatusCounters": {"Succeeded": 3, "Pending": 0, "Failed": 1},
}
BEST: dict[str, Any] = {
    "TrainingJobName": f"{NAME}-002-aaaa",
    "TrainingJobArn": f"arn:aws:sagemaker:eu-west-1:111122223333:training-job/{NAME}-002-aaaa",
    "FinalHyperParameterTuningJobObjectiveMetric": {
        "Type": "Maximize",
        "MetricName": "validation:bleu",
        "Value": 0.25,
    },
    "TunedHyperParameters": {"learning_rate": "0.0031", "optimizer_type": "adam"},
    "CreationTime": 1,
    "TrainingJobStatus": "Completed",
}


@dataclass
class World:
    sagemaker: FakeSageMaker
    parameters: FakeParameters
    topics: FakeTopics = field(default_factory=FakeTopics)

    def become(self, status: str, **described: Any) -> None:
        self.sagemaker.jobs[NAME]["status"] = status
        self.sagemaker.jobs[NAME]["described"] = {"CreationTime": 400, **described}

    def publish(self, **event: Any) -> dict[str, Any]:
        called_with = {"HyperParameterTuningJobName": NAME, "ParameterName": PARAMETER, **event}
        return result.publish(called_with, None)

    @property
    def value(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.parameters.values[PARAMETER])
        return loaded


@pytest.fixture
def world(sagemaker: FakeSageMaker, clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(sagemaker, FakeParameters({PARAMETER: INITIAL}))
    ssm, sns = client("ssm", world.parameters.call), client("sns", world.topics.call)
    monkeypatch.setattr(clients, "ssm", lambda: ssm)
    monkeypatch.setattr(clients, "sns", lambda: sns)
    sagemaker.add(NAME, "InProgress", {})
    sagemaker.training_jobs[BEST["TrainingJobName"]] = {
        "TrainingJobName": BEST["TrainingJobName"],
        "ModelArtifacts": {"S3ModelArtifacts": "s3://output/model.tar.gz"},
        "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
    }
    world.become("InProgress")
    return world


COMPLETED = {**COUNTERS, "BestTrainingJob": BEST}


def test_a_completed_job_is_published_with_its_best_training_job(world: World) -> None:
    world.become("Completed", **COMPLETED)

    assert world.publish(TopicArn=TOPIC) == {"Published": True}

    assert world.value == {
        "HyperParameterTuningJobName": NAME,
        "HyperParameterTuningJobArn": ARN + NAME,
        "HyperParameterTuningJobStatus": "Completed",
        **COUNTERS,
        "BestTrainingJob": {
            "TrainingJobName": BEST["TrainingJobName"],
            "TrainingJobArn": BEST["TrainingJobArn"],
            "ObjectiveMetric": {"Type": "Maximize", "MetricName": "validation:bleu", "Value": 0.25},
            "TunedHyperParameters": {"learning_rate": "0.0031", "optimizer_type": "adam"},
            "S3ModelArtifacts": "s3://output/model.tar.gz",
            "TrainingImage": "image:1",
        },
    }
    (message,) = world.topics.messages
    assert message["Subject"] == f"Tuning job {NAME}: Completed"
    assert json.loads(message["Message"]) == world.value


def test_an_event_that_comes_again_or_late_changes_nothing(world: World) -> None:
    world.become("Completed", **COMPLETED)
    world.publish(TopicArn=TOPIC)
    calls = list(world.parameters.calls)

    assert world.publish(TopicArn=TOPIC) == {"Published": False}

    assert len(world.topics.messages) == 1
    assert world.parameters.calls == [*calls, "GetParameter"]


def test_an_event_of_a_job_that_has_not_ended_changes_nothing_and_measures_its_time(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.publish() == {"Published": False}

    assert world.parameters.calls == []
    (line,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert line["TuningJobRunningSeconds"] == 600
    assert line["ResultParameter"] == PARAMETER
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": "TuningAsCode",
            "Dimensions": [["ResultParameter"]],
            "Metrics": [{"Name": "TuningJobRunningSeconds"}],
        }
    ]


def test_what_a_roll_back_wrote_over_is_published_again(world: World) -> None:
    world.become("Completed", **COMPLETED)
    world.publish()
    published = world.value
    world.parameters.values[PARAMETER] = INITIAL

    assert world.publish() == {"Published": True}
    assert world.value == published


@pytest.mark.parametrize(("status", "failed"), [("Failed", 1), ("Stopped", 0)])
def test_a_job_without_a_result_is_published_as_such(
    world: World, capsys: pytest.CaptureFixture[str], status: str, failed: int
) -> None:
    world.become(status, **COUNTERS, FailureReason="x" * 5000)

    world.publish()

    assert world.value["HyperParameterTuningJobStatus"] == status
    assert world.value["BestTrainingJob"] is None
    assert world.value["FailureReason"] == "x" * 1000
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["TuningJobFailed"] == failed


def test_a_job_that_is_gone_leaves_what_is_published(world: World) -> None:
    del world.sagemaker.jobs[NAME]

    assert world.publish() == {"Published": False}
    assert world.parameters.values[PARAMETER] == INITIAL


def test_a_topic_that_fails_is_tried_again_with_the_next_event(world: World) -> None:
    world.become("Completed", **COMPLETED)
    world.topics.refusals = [Refusal("InternalError", "later", 500)]
    with pytest.raises(RuntimeError, match="Publish failed with InternalError: later"):
        world.publish(TopicArn=TOPIC)

    assert world.publish(TopicArn=TOPIC) == {"Published": True}
    assert len(world.topics.messages) == 1


def test_hyperparameters_that_are_too_long_are_left_out_and_said_to_be(world: World) -> None:
    tuned = {f"name{number}": "x" * 300 for number in range(30)}
    world.become("Completed", **{**COMPLETED, "BestTrainingJob": {**BEST, "TunedHyperParameters": tuned}})

    world.publish()

    assert len(world.parameters.values[PARAMETER].encode()) <= 8192
    assert world.value["BestTrainingJob"]["TunedHyperParameters"] is None


@pytest.mark.parametrize(
    ("called_with", "message"),
    [
        ({"ParameterName": "/none"}, "there is no parameter '/none'; deploy the stack that declares it"),
        ({"ParameterName": None}, "the event's ParameterName must be a name, got None"),
        ({"HyperParameterTuningJobName": 7}, "the event's HyperParameterTuningJobName must be a name, got 7"),
    ],
)
def test_errors_of_the_publisher(world: World, called_with: dict[str, Any], message: str) -> None:
    world.become("Completed", **COMPLETED)

    with pytest.raises(RuntimeError) as raised:
        world.publish(**called_with)

    assert str(raised.value) == f"{message} {LOGS}"


def read(kind: str = "Create", parameter: Any = PARAMETER, **other: Any) -> dict[str, Any]:
    properties = {"ServiceToken": "arn", "ParameterName": parameter}
    request = event(kind, properties, ResourceType="Custom::BestTrainingJob", **other)
    return best_training_job.on_event(request, None)


def test_a_published_result_is_handed_to_a_stack(world: World) -> None:
    world.become("Completed", **COMPLETED)
    world.publish()

    assert read() == {
        "PhysicalResourceId": PARAMETER,
        "Data": {
            "TrainingJobName": BEST["TrainingJobName"],
            "TrainingJobArn": BEST["TrainingJobArn"],
            "ObjectiveValue": "0.25",
            "S3ModelArtifacts": "s3://output/model.tar.gz",
            "TrainingImage": "image:1",
        },
    }
    assert read("Delete", PhysicalResourceId=PARAMETER) == {"PhysicalResourceId": PARAMETER}


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        (
            PARAMETER,
            INITIAL,
            f"the tuning job '{NAME}' has no best training job, it is InProgress: deploy this stack again when it has "
            "one",
        ),
        (PARAMETER, "[]", f"the parameter '{PARAMETER}' holds no tuning job's result"),
        (
            PARAMETER,
            "none",
            f"the parameter '{PARAMETER}' holds no tuning job's result: Expecting value: line 1 column 1 (char 0)",
        ),
        ("/none", "", "there is no parameter '/none'; publish the tuning job's result first"),
        ("", "", "ParameterName must be the name of a parameter, got ''"),
    ],
)
def test_a_stack_that_comes_too_early_is_told_so(world: World, parameter: str, value: str, message: str) -> None:
    world.parameters.values[PARAMETER] = value

    with pytest.raises(RuntimeError) as raised:
        read(parameter=parameter)

    assert str(raised.value) == f"{message} {LOGS}"
