"""What other services are told: CloudWatch Logs, CloudWatch metrics, EventBridge targets."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.endpoint.service import ServiceError
from infra.local.engine import TuningEngine
from infra.local.home import Home
from infra.local.sagemaker import SageMakerService
from infra.local.sagemaker.outlets import logs
from infra.local.sagemaker.outlets.targets import target_input

from .conftest import SETTINGS, Api

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Client = Callable[[str], Any]

TWO_LINES = "import os; print('loss=3', flush=True); print('loss=' + os.environ['SM_HP_RATE'])"


@pytest.fixture
def client(s3: S3Client) -> Client:
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    made: dict[str, Any] = {}

    def make(service: str) -> Any:
        if service not in made:
            made[service] = session.client(service, endpoint_url=s3.meta.endpoint_url)  # type: ignore[call-overload]
        return made[service]

    return make


@pytest.fixture
def told(home: Home, s3: S3Client, bucket: str, tmp_path: Path, client: Client) -> Iterator[Api]:
    service = SageMakerService(home, s3=s3, region="us-east-1", settings=SETTINGS, clients=client)
    yield Api(service, home, tmp_path, bucket)
    service.close()


def rule_for(client: Client, pattern: dict[str, Any], **target: Any) -> str:
    """A queue behind a rule; its URL."""
    name = f"queue-{uuid.uuid4().hex[:8]}"
    url: str = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    client("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn, **target}])
    return url


def received(client: Client, url: str) -> list[Any]:
    found: list[Any] = []
    while messages := client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_logs_metrics_and_events_of_a_tuning_job(told: Api, client: Client) -> None:
    name = f"job-{uuid.uuid4().hex[:8]}"
    tuning = rule_for(
        client,
        {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker HyperParameter Tuning Job State Change"],
            "detail": {"HyperParameterTuningJobName": [name], "HyperParameterTuningJobStatus": ["Completed"]},
        },
    )
    training = rule_for(
        client,
        {"source": ["aws.sagemaker"], "detail": {"TrainingJobName": [{"prefix": name}]}},
        InputTransformer={
            "InputPathsMap": {"job": "$.detail.TrainingJobName", "status": "$.detail.SecondaryStatus"},
            "InputTemplate": '{"job": <job>, "text": "it is <status>"}',
        },
    )
    told.image(TWO_LINES)
    told.tune(name, ResourceLimits={"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1})
    (job,) = told.training_jobs(name)
    told.service.close()  # publishes what is left

    (event,) = received(client, tuning)
    assert event["resources"] == [told_arn(name)]
    assert event["detail"]["TrainingJobStatusCounters"]["Completed"] == 1
    assert isinstance(event["detail"]["CreationTime"], int)
    statuses = ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    expected = [{"job": job["TrainingJobName"], "text": f"it is {status}"} for status in statuses]
    assert sorted(received(client, training), key=str) == sorted(expected, key=str)

    group = "/aws/sagemaker/TrainingJobs"
    (stream,) = client("logs").describe_log_streams(
        logGroupName=group, logStreamNamePrefix=f"{job['TrainingJobName']}/"
    )["logStreams"]
    assert stream["logStreamName"].startswith(f"{job['TrainingJobName']}/algo-1-")
    lines = client("logs").get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    rate = job["TunedHyperParameters"]["rate"]
    assert [line["message"] for line in lines] == ["loss=3", f"loss={rate}"]

    statistics = client("cloudwatch").get_metric_statistics(
        Namespace=group,
        MetricName="loss",
        Dimensions=[{"Name": "TrainingJobName", "Value": job["TrainingJobName"]}],
        StartTime=job["CreationTime"].replace(second=0, microsecond=0),
        EndTime=job["TrainingEndTime"].replace(year=job["TrainingEndTime"].year + 1),
        Period=86400 * 365,
        Statistics=["Maximum", "SampleCount"],
    )["Datapoints"]
    assert [(p["Maximum"], p["SampleCount"]) for p in statistics] == [(3.0, 2.0)]


def told_arn(name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/{name}"


def test_other_services_that_are_away_delay_nothing(home: Home, s3: S3Client, bucket: str, tmp_path: Path) -> None:
    def away(service: str) -> Any:
        raise ConnectionError(service)

    service = SageMakerService(home, s3=s3, region="us-east-1", settings=SETTINGS, clients=away)
    api = Api(service, home, tmp_path, bucket)
    api.image(TWO_LINES)
    done = api.tune()
    service.close()
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    engine = TuningEngine(home, s3)
    assert [c.status for c in engine.store.state_changes() if c.kind == "tuning"] == ["InProgress", "Completed"]
    assert len(engine.store.unpublished_training_jobs()) == 3
    engine.close()


def test_a_deleted_training_job_is_gone(told: Api) -> None:
    told.image("import time; print('loss=1', flush=True); time.sleep(60)")
    told("CreateHyperParameterTuningJob", **told.tuning_request())
    told.until(told.training_jobs)
    name = told.training_jobs()[0]["TrainingJobName"]
    with pytest.raises(ServiceError, match="not in a terminal state: it is InProgress"):
        told("DeleteTrainingJob", TrainingJobName=name)
    told("StopHyperParameterTuningJob", HyperParameterTuningJobName="job")
    told.wait()
    told("DeleteTrainingJob", TrainingJobName=name)
    with pytest.raises(ServiceError, match="There is no training job"):
        told("DescribeTrainingJob", TrainingJobName=name)
    assert told.training_jobs() == []
    assert not (told.home.training_jobs / name).exists()


@given(st.binary(max_size=200).map(lambda b: b.replace(b"\x00", b"\n")), st.integers(1, 40))
def test_batches_take_every_byte_of_an_ended_log_once(text: bytes, chunk: int) -> None:
    place = 0

    def read(_: int) -> bytes:
        nonlocal place
        place += chunk
        return text[place - chunk : place]

    found = list(logs._batches(read, final=True))
    assert sum(taken for _, taken in found) == len(text)
    shown = [line for lines, _ in found for line in lines if line]
    assert shown == [line.decode(errors="replace") for line in text.replace(b"\r", b"\n").split(b"\n") if line]


EVENT = {"time": "2026-01-01T00:00:00Z", "detail": {"Name": "a", "Counters": {"Completed": 2}}}
INPUTS: list[tuple[dict[str, Any], str]] = [
    ({}, json.dumps(EVENT)),
    ({"Input": "fixed"}, "fixed"),
    ({"InputPath": "$.detail.Counters"}, '{"Completed": 2}'),
    ({"InputPath": "$.detail.Absent"}, json.dumps(EVENT)),
    (
        {
            "InputTransformer": {
                "InputPathsMap": {"n": "$.detail.Absent"},
                "InputTemplate": '{"n": <n>, "e": <aws.events.event>}',
            }
        },
        '{"n": "", "e": {"time": "2026-01-01T00:00:00Z"}}',
    ),
    (
        {
            "InputTransformer": {
                "InputPathsMap": {"n": "$.detail.Name", "c": "$.detail.Counters"},
                "InputTemplate": '{"name": <n>, "counters": <c>, "text": "<n> <c> <aws.events.rule-name>"}',
            }
        },
        '{"name": "a", "counters": {"Completed": 2}, "text": "a {Completed: 2} r"}',
    ),
    ({"InputTransformer": {"InputPathsMap": {"n": "$.detail.Name"}, "InputTemplate": "job <n>"}}, '"job a"'),
]


@pytest.mark.parametrize(("target", "expected"), INPUTS)
def test_what_a_target_is_given(target: dict[str, Any], expected: str) -> None:
    assert target_input(target, {"Name": "r", "Arn": "arn"}, EVENT) == expected
