"""Tuning jobs that never ran, told by a boto3 client whose every answer botocore checks against its model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.stub import Stubber

from infra.report import TuningJobSnapshot

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

CREATED = datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC)
NOW = CREATED + timedelta(minutes=20)
ARN = "arn:aws:sagemaker:us-east-1:000000000000"
METRIC = "validation:perplexity"

RANGES: dict[str, Any] = {
    "IntegerParameterRanges": [{"Name": "num_layers", "MinValue": "1", "MaxValue": "4", "ScalingType": "Auto"}],
    "ContinuousParameterRanges": [
        {"Name": "learning_rate", "MinValue": "0.0001", "MaxValue": "0.1", "ScalingType": "Logarithmic"}
    ],
    "CategoricalParameterRanges": [{"Name": "optimizer_type", "Values": ["adam", "sgd"]}],
}

Summary = dict[str, Any]


def training_job(
    number: int,
    objective: float | None = None,
    *,
    status: str = "Completed",
    values: Mapping[str, str] | None = None,
    failure: str | None = None,
    tuning_job: str = "seq2seq-3f9c2a",
    objective_status: str | None = None,
) -> Summary:
    """A training job that begins at minute ``number - 1`` and takes 50 seconds."""
    name = f"{tuning_job}-{number:03}-0000{number:04x}"
    began = CREATED + timedelta(minutes=number - 1)
    tuned = {"num_layers": "2", "learning_rate": repr(0.0001 * 1.3**number), "optimizer_type": "adam"}
    summary: Summary = {
        "TrainingJobName": name,
        "TrainingJobArn": f"{ARN}:training-job/{name}",
        "TuningJobName": tuning_job,
        "CreationTime": began,
        "TrainingStartTime": began,
        "TrainingJobStatus": status,
        "TunedHyperParameters": dict(values) if values is not None else tuned,
        "ObjectiveStatus": "Pending"
        if status in ("InProgress", "Stopping")
        else "Succeeded"
        if objective is not None
        else "Failed",
    }
    if status not in ("InProgress", "Stopping"):
        summary["TrainingEndTime"] = began + timedelta(seconds=50)
    if objective is not None:
        summary["FinalHyperParameterTuningJobObjectiveMetric"] = {"MetricName": METRIC, "Value": objective}
    if objective_status is not None:
        summary["ObjectiveStatus"] = objective_status
    if failure is not None:
        summary["FailureReason"] = failure
    return summary


def description(
    name: str = "seq2seq-3f9c2a",
    *,
    status: str = "Completed",
    ranges: Mapping[str, Any] | None = None,
    direction: str = "Minimize",
    failure: str | None = None,
    **config: Any,
) -> dict[str, Any]:
    """What DescribeHyperParameterTuningJob answers; ``config`` goes into HyperParameterTuningJobConfig."""
    answer: dict[str, Any] = {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobArn": f"{ARN}:hyper-parameter-tuning-job/{name}",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": direction, "MetricName": METRIC},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 12, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": RANGES if ranges is None else ranges,
            **config,
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "0.dkr.ecr.us-east-1.amazonaws.com/seq2seq:1",
                "TrainingInputMode": "File",
            },
            "StaticHyperParameters": {"_tuning_objective_metric": METRIC, "beam_size": "3"},
            "RoleArn": "arn:aws:iam::000000000000:role/training",
            "OutputDataConfig": {"S3OutputPath": "s3://models/"},
            "ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
        "HyperParameterTuningJobStatus": status,
        "CreationTime": CREATED,
        "TrainingJobStatusCounters": {},
        "ObjectiveStatusCounters": {},
    }
    if status not in ("InProgress", "Stopping"):
        answer["HyperParameterTuningEndTime"] = CREATED + timedelta(minutes=15)
    if failure is not None:
        answer["FailureReason"] = failure
    return answer


def described_training_job(name: str, **members: Any) -> dict[str, Any]:
    """What DescribeTrainingJob answers."""
    return {
        "TrainingJobName": name,
        "TrainingJobArn": f"{ARN}:training-job/{name}",
        "ModelArtifacts": {"S3ModelArtifacts": f"s3://models/{name}/output/model.tar.gz"},
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Training",
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "StoppingCondition": {},
        "CreationTime": CREATED,
        "ResourceConfig": {"VolumeSizeInGB": 10},
        **members,
    }


@contextmanager
def stubbed() -> Iterator[tuple[SageMakerClient, Stubber]]:
    """A client that answers what the stubber holds, in order, and that must have been asked all of it."""
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def add_reading(
    stubber: Stubber,
    job: Mapping[str, Any],
    summaries: Sequence[Summary] = (),
    current: Mapping[int, float] | None = None,
) -> None:
    """Queue the answers for one reading; ``current`` has the latest objectives of running training jobs by position."""
    name = job["HyperParameterTuningJobName"]
    stubber.add_response("describe_hyper_parameter_tuning_job", dict(job), {"HyperParameterTuningJobName": name})
    pages = max(math.ceil(len(summaries) / 100), 1)
    for page in range(pages):
        asked = {
            "HyperParameterTuningJobName": name,
            "SortBy": "CreationTime",
            "SortOrder": "Ascending",
            "MaxResults": 100,
        }
        answer: dict[str, Any] = {"TrainingJobSummaries": list(summaries[page * 100 : page * 100 + 100])}
        if page:
            asked["NextToken"] = f"page{page}"
        if page + 1 < pages:
            answer["NextToken"] = f"page{page + 1}"
        stubber.add_response("list_training_jobs_for_hyper_parameter_tuning_job", answer, asked)
    running = [one for one in summaries if one["TrainingJobStatus"] == "InProgress"]
    for position, one in enumerate(running):
        emitted = (
            [{"MetricName": METRIC, "Value": current[position], "Timestamp": NOW}]
            if current and position in current
            else []
        )
        name = one["TrainingJobName"]
        stubber.add_response(
            "describe_training_job",
            described_training_job(name, FinalMetricDataList=emitted),
            {"TrainingJobName": name},
        )


def snapshot(
    summaries: Sequence[Summary] = (), *, current: Mapping[int, float] | None = None, **job: Any
) -> TuningJobSnapshot:
    """A snapshot of such a tuning job, read as from SageMaker, 20 minutes after its creation."""
    with stubbed() as (client, stubber):
        answer = description(**job)
        add_reading(stubber, answer, summaries, current)
        return TuningJobSnapshot.read(client, answer["HyperParameterTuningJobName"], now=lambda: NOW)
