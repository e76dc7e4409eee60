"""Requests that the service refuses, each with its full text; nothing is recorded of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.endpoint.service import ServiceError

if TYPE_CHECKING:
    from .conftest import Api

Change = Callable[[dict[str, Any]], object]


def _config(request: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = request["HyperParameterTuningJobConfig"]
    return config


def _algorithm(request: dict[str, Any]) -> dict[str, Any]:
    algorithm: dict[str, Any] = request["TrainingJobDefinition"]["AlgorithmSpecification"]
    return algorithm


def _channel(request: dict[str, Any]) -> dict[str, Any]:
    channel: dict[str, Any] = request["TrainingJobDefinition"]["InputDataConfig"][0]
    return channel


def _ranges(kind: str, *ranges: dict[str, Any]) -> Change:
    return lambda r: _config(r).update(ParameterRanges={kind: list(ranges)})


def _numbers(low: str, high: str, scaling: str = "Auto") -> dict[str, Any]:
    return {"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scaling}


def _hyperband(**resources: int) -> Change:
    return lambda r: _config(r).update(
        Strategy="Hyperband", StrategyConfig={"HyperbandStrategyConfig": dict(resources)}
    )


METRIC = (
    "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."
)

BAD: list[tuple[Change, str]] = [
    (lambda r: _algorithm(r).pop("MetricDefinitions"), METRIC),
    (
        lambda r: _config(r)["HyperParameterTuningJobObjective"].update(MetricName="bleu"),
        f"{METRIC} The objective is 'bleu', the metrics are loss.",
    ),
    (
        lambda r: _algorithm(r)["MetricDefinitions"][0].update(Regex="loss=("),
        "The regex of metric 'loss' does not compile: missing ), unterminated subpattern at position 5.",
    ),
    (
        lambda r: _algorithm(r)["MetricDefinitions"][0].update(Regex="loss"),
        "The regex of metric 'loss' needs a group around the value.",
    ),
    (
        _ranges("IntegerParameterRanges", _numbers("1", "3")),
        "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter combinations "
        "for the provided ranges [3.0] must be equal or greater than the value of MaxNumberOfJobs, [10]. "
        "Provide additional ranges.",
    ),
    (
        _ranges("ContinuousParameterRanges", _numbers("1", "1")),
        "MinValue must be less than MaxValue for 'x', got 1 and 1.",
    ),
    (_ranges("IntegerParameterRanges", _numbers("1", "9.5")), "MaxValue of 'x' must be a whole number, got '9.5'."),
    (_ranges("ContinuousParameterRanges", _numbers("nan", "1")), "MinValue of 'x' must be a number, got 'nan'."),
    (
        _ranges("ContinuousParameterRanges", _numbers("0", "1", "Logarithmic")),
        "Logarithmic scaling of 'x' needs MinValue > 0, got 0.",
    ),
    (
        _ranges("ContinuousParameterRanges", _numbers("0", "1", "ReverseLogarithmic")),
        "ReverseLogarithmic scaling of 'x' needs 0 <= MinValue and MaxValue < 1, got 0 and 1.",
    ),
    (
        _ranges("IntegerParameterRanges", _numbers("0", "90", "ReverseLogarithmic")),
        "ReverseLogarithmic scaling is for continuous ranges only, got the integer 'x'.",
    ),
    (
        _ranges("CategoricalParameterRanges", {"Name": "x", "Values": ["a", "a"]}),
        "The values of 'x' must be distinct, got ['a', 'a'].",
    ),
    (
        _ranges("ContinuousParameterRanges", _numbers("0", "1"), _numbers("0", "2")),
        "A hyperparameter has one range only, got two for 'x'.",
    ),
    (
        _ranges("ContinuousParameterRanges", {"Name": "layers", "MinValue": "0", "MaxValue": "1"}),
        "A hyperparameter is either tuned or static, got both for 'layers'.",
    ),
    (lambda r: _config(r).pop("ParameterRanges"), "ParameterRanges must have at least one range."),
    (
        lambda r: _config(r)["ResourceLimits"].update(MaxParallelTrainingJobs=11),
        "MaxParallelTrainingJobs must be at most MaxNumberOfTrainingJobs, got 11 and 10.",
    ),
    (lambda r: _config(r).update(Strategy="Grid"), "Strategy Grid takes categorical ranges only."),
    (
        lambda r: _config(r).update(Strategy="Hyperband"),
        "MaxResource of strategy Hyperband must be given, or one of the static hyperparameters epochs, numepochs, "
        "n-epochs, n_epochs, num_epochs.",
    ),
    (
        _hyperband(MinResource=9, MaxResource=3),
        "MinResource of strategy Hyperband must not exceed MaxResource, got 9 and 3.",
    ),
    (_hyperband(MaxResource=20_001), "MaxResource of strategy Hyperband must be at most 20000, got 20001."),
    (
        lambda r: (
            _hyperband(MaxResource=3)(r),
            _config(r).update(TrainingJobEarlyStoppingType="Auto"),
        ),
        "TrainingJobEarlyStoppingType must be Off with strategy Hyperband, which stops jobs itself.",
    ),
    (
        lambda r: r.update(TrainingJobDefinitions=[r["TrainingJobDefinition"]]),
        "TrainingJobDefinition is required: exactly one of it and TrainingJobDefinitions.",
    ),
    (
        lambda r: r.update(TrainingJobDefinitions=[r.pop("TrainingJobDefinition")]),
        "HyperParameterTuningJobObjective is for a single TrainingJobDefinition; each of several has its own.",
    ),
    (
        lambda r: (
            _config(r).pop("HyperParameterTuningJobObjective"),
            _config(r).pop("ParameterRanges"),
            r.update(TrainingJobDefinitions=[r.pop("TrainingJobDefinition")]),
        ),
        "DefinitionName is required in each of TrainingJobDefinitions.",
    ),
    (
        lambda r: r["TrainingJobDefinition"]["StoppingCondition"].update(MaxWaitTimeInSeconds=90),
        "MaxWaitTimeInSeconds is for managed spot training only: set EnableManagedSpotTraining.",
    ),
    (
        lambda r: r["TrainingJobDefinition"].update(
            EnableManagedSpotTraining=True,
            StoppingCondition={"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59},
        ),
        "MaxWaitTimeInSeconds must be at least MaxRuntimeInSeconds, got 59 and 60.",
    ),
    (
        lambda r: r.pop("TrainingJobDefinition"),
        "TrainingJobDefinition is required: exactly one of it and TrainingJobDefinitions.",
    ),
    (
        lambda r: _config(r).pop("HyperParameterTuningJobObjective"),
        "HyperParameterTuningJobObjective is required with a single TrainingJobDefinition.",
    ),
    (
        lambda r: _channel(r)["DataSource"]["S3DataSource"].update(S3Uri="s3://no-such-bucket-here/train"),
        'No S3 objects found under S3 URL "s3://no-such-bucket-here/train" given in input data source of channel '
        '"train". Please ensure that the bucket exists and that objects exist under that S3 prefix.',
    ),
    (
        lambda r: _channel(r).update(CompressionType="Gzip"),
        "CompressionType Gzip needs input mode Pipe (channel 'train').",
    ),
    (
        lambda r: _channel(r)["DataSource"]["S3DataSource"].update(S3DataType="AugmentedManifestFile"),
        "S3DataType AugmentedManifestFile needs input mode Pipe (channel 'train').",
    ),
    (
        lambda r: (
            _channel(r).update(InputMode="Pipe"),
            _channel(r)["DataSource"]["S3DataSource"].update(S3DataType="AugmentedManifestFile"),
        ),
        "S3DataType AugmentedManifestFile needs AttributeNames (channel 'train').",
    ),
    (
        lambda r: r["TrainingJobDefinition"].update(CheckpointConfig={"S3Uri": "s3://b/c", "LocalPath": "/opt/ml"}),
        "CheckpointConfig.LocalPath must be the full path of a folder for checkpoints alone, such as "
        "/opt/ml/checkpoints, got '/opt/ml'.",
    ),
    (
        lambda r: r["TrainingJobDefinition"].update(CheckpointConfig={"S3Uri": "s3://b/c", "LocalPath": "tmp/c"}),
        "CheckpointConfig.LocalPath must be the full path of a folder for checkpoints alone, such as "
        "/opt/ml/checkpoints, got 'tmp/c'.",
    ),
    (
        lambda r: _algorithm(r).update(AlgorithmName="mine"),
        "AlgorithmSpecification must have exactly one of TrainingImage and AlgorithmName.",
    ),
    (
        lambda r: r["TrainingJobDefinition"]["InputDataConfig"].append(_channel(r)),
        "Channel names must be unique, got 'train' twice.",
    ),
    (
        lambda r: r["TrainingJobDefinition"]["OutputDataConfig"].update(S3OutputPath="https://x"),
        "S3OutputPath must start with s3://, got 'https://x'.",
    ),
    (
        lambda r: r.update(Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]),
        "Tag keys must be unique, got 'a' twice.",
    ),
    (
        lambda r: r.update(Tags=[{"Key": "aws:a", "Value": "1"}]),
        "Tag keys must not start with aws:, got 'aws:a'.",
    ),
]


@pytest.mark.parametrize(("change", "message"), BAD, ids=[message[:60] for _, message in BAD])
def test_refused(api: Api, change: Change, message: str) -> None:
    request = api.tuning_request(ResourceLimits={"MaxNumberOfTrainingJobs": 10, "MaxParallelTrainingJobs": 1})
    change(request)
    with pytest.raises(ServiceError) as caught:
        api.service.call("CreateHyperParameterTuningJob", request)
    assert (caught.value.code, caught.value.message) == ("ValidationException", message)
    assert api("ListHyperParameterTuningJobs") == {"HyperParameterTuningJobSummaries": []}


QUOTAS = [
    ("Bayesian", 751, 1, "training jobs", "training jobs", 750, 751),
    ("Hyperband", 751, 1, "training jobs", "training jobs", 750, 751),
    ("Random", 10_001, 1, "training jobs", "training jobs", 10_000, 10_001),
    ("Random", 200, 101, "parallel training jobs", "training jobs", 100, 101),
]


@pytest.mark.parametrize(("strategy", "jobs", "parallel", "what", "unit", "limit", "delta"), QUOTAS)
def test_more_than_an_account_may_have(
    api: Api, strategy: str, jobs: int, parallel: int, what: str, unit: str, limit: int, delta: int
) -> None:
    request = api.tuning_request(
        Strategy=strategy, ResourceLimits={"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": parallel}
    )
    _hyperband(MaxResource=3)(request)
    _config(request)["Strategy"] = strategy
    with pytest.raises(ServiceError) as caught:
        api("CreateHyperParameterTuningJob", **request)
    unit = unit.title()
    assert (caught.value.code, caught.value.message) == (
        "ResourceLimitExceeded",
        f"The account-level service limit 'Number of {what} per hyperparameter tuning job' is {limit} {unit}, with "
        f"current utilization of 0 {unit} and a request delta of {delta} {unit}. Please contact AWS support to request "
        "an increase for this limit.",
    )


def test_a_hundred_tuning_jobs_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.sagemaker.quotas.MAX_TUNING_JOBS", 1)
    api.image("import time; time.sleep(60)")
    api("CreateHyperParameterTuningJob", **api.tuning_request("first"))
    with pytest.raises(
        ServiceError, match=r"^ResourceLimitExceeded: .* is 1 Tuning Jobs, with current utilization of 1 "
    ):
        api("CreateHyperParameterTuningJob", **api.tuning_request("second"))
    api("StopHyperParameterTuningJob", HyperParameterTuningJobName="first")
    api.wait("first")
    api("CreateHyperParameterTuningJob", **api.tuning_request("second"))


def test_an_empty_channel_is_named(api: Api) -> None:
    request = api.tuning_request()
    _channel(request)["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{api.bucket}/nothing"
    with pytest.raises(ServiceError, match=r'No S3 objects found under S3 URL "s3://bucket-.*/nothing" .* "train"'):
        api("CreateHyperParameterTuningJob", **request)
