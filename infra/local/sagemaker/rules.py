"""What the service checks of a request beyond its shape."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError

from infra.local.engine import TuningEngine
from infra.local.engine.names import OBJECTIVE_HYPERPARAMETER
from infra.local.engine.strategies import Space
from infra.local.engine.training.channels import channel_objects, s3_uri
from infra.local.engine.training.images import metric_definitions

from . import messages
from .messages import unsupported, validation

Request = dict[str, Any]

MAX_TUNED = 30
MAX_GRID = 750


def check_tuning_job(engine: TuningEngine, request: Request) -> None:
    """Refuse a CreateHyperParameterTuningJob request that the service would refuse, or that cannot run here.

    Raises:
        ServiceError: The first rule that the request breaks.
    """
    _check_supported(request)
    config = request["HyperParameterTuningJobConfig"]
    definition = request.get("TrainingJobDefinition")
    if definition is None:
        raise validation("TrainingJobDefinition is required: exactly one of it and TrainingJobDefinitions.")
    if "HyperParameterTuningJobObjective" not in config:
        raise validation("HyperParameterTuningJobObjective is required with a single TrainingJobDefinition.")
    _check_ranges(config.get("ParameterRanges", {}), definition.get("StaticHyperParameters", {}))
    _check_limits(config)
    _check_objective(engine, config, definition)
    check_training(engine, definition)


def check_training(engine: TuningEngine, definition: Request) -> None:
    """Check what a training job definition and a CreateTrainingJob request have in common.

    Raises:
        ServiceError: The first rule that the request breaks.
    """
    algorithm = definition["AlgorithmSpecification"]
    if "TrainingImage" not in algorithm:
        raise unsupported("AlgorithmSpecification without TrainingImage")
    for metric in algorithm.get("MetricDefinitions", []):
        _check_regex(metric)
    if not definition["OutputDataConfig"]["S3OutputPath"].startswith("s3://"):
        raise validation(f"S3OutputPath must start with s3://, got {definition['OutputDataConfig']['S3OutputPath']!r}.")
    channels = definition.get("InputDataConfig", [])
    names = [c["ChannelName"] for c in channels]
    if repeated := sorted({n for n in names if names.count(n) > 1}):
        raise validation(f"Channel names must be unique, got {repeated[0]!r} twice.")
    for channel in channels:
        _check_channel(engine, channel, algorithm["TrainingInputMode"])


def _check_supported(request: Request) -> None:
    for member in ("Autotune", "TrainingJobDefinitions", "WarmStartConfig"):
        if member in request:
            raise unsupported(member)
    config = request["HyperParameterTuningJobConfig"]
    if config["Strategy"] == "Hyperband":
        raise unsupported("Strategy Hyperband")
    if config.get("ParameterRanges", {}).get("AutoParameters"):
        raise unsupported("AutoParameters")
    convergence = config.get("TuningJobCompletionCriteria", {}).get("ConvergenceDetected", {})
    if convergence.get("CompleteOnConvergence") == "Enabled":
        raise unsupported("ConvergenceDetected")


def _check_ranges(ranges: Request, static: dict[str, str]) -> None:
    names = [r["Name"] for group in ranges.values() for r in group]
    if not names:
        raise validation("ParameterRanges must have at least one range.")
    if len(names) > MAX_TUNED:
        raise validation(f"At most {MAX_TUNED} hyperparameters can be tuned, got {len(names)}.")
    if repeated := sorted({n for n in names if names.count(n) > 1}):
        raise validation(f"A hyperparameter has one range only, got two for {repeated[0]!r}.")
    if both := sorted(set(names) & {*static, OBJECTIVE_HYPERPARAMETER}):
        raise validation(f"A hyperparameter is either tuned or static, got both for {both[0]!r}.")
    for r in ranges.get("IntegerParameterRanges", []):
        _check_numeric(r, whole=True)
    for r in ranges.get("ContinuousParameterRanges", []):
        _check_numeric(r, whole=False)
    for r in ranges.get("CategoricalParameterRanges", []):
        if len(set(r["Values"])) < len(r["Values"]):
            raise validation(f"The values of {r['Name']!r} must be distinct, got {r['Values']}.")


def _check_numeric(r: Request, *, whole: bool) -> None:
    name, scaling = r["Name"], r.get("ScalingType", "Auto")
    low, high = (_number(r, bound, whole=whole) for bound in ("MinValue", "MaxValue"))
    if low >= high:
        raise validation(f"MinValue must be less than MaxValue for {name!r}, got {r['MinValue']} and {r['MaxValue']}.")
    if scaling == "Logarithmic" and low <= 0:
        raise validation(f"Logarithmic scaling of {name!r} needs MinValue > 0, got {r['MinValue']}.")
    if scaling == "ReverseLogarithmic":
        if whole:
            raise validation(f"ReverseLogarithmic scaling is for continuous ranges only, got the integer {name!r}.")
        if low < 0 or high >= 1:
            raise validation(
                f"ReverseLogarithmic scaling of {name!r} needs 0 <= MinValue and MaxValue < 1, "
                f"got {r['MinValue']} and {r['MaxValue']}."
            )


def _number(r: Request, bound: str, *, whole: bool) -> float:
    text = r[bound]
    pattern = r"[+-]?\d+" if whole else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
    if re.fullmatch(pattern, text, re.ASCII) is None:
        kind = "a whole number" if whole else "a number"
        raise validation(f"{bound} of {r['Name']!r} must be {kind}, got {text!r}.")
    return int(text) if whole else float(text)


def _check_limits(config: Request) -> None:
    limits = config["ResourceLimits"]
    parallel, jobs = limits["MaxParallelTrainingJobs"], limits.get("MaxNumberOfTrainingJobs")
    if jobs is not None and parallel > jobs:
        raise validation(f"MaxParallelTrainingJobs must be at most MaxNumberOfTrainingJobs, got {parallel} and {jobs}.")
    combinations = Space.of(config["ParameterRanges"]).combinations
    if config["Strategy"] == "Grid":
        _check_grid(config, combinations, jobs)
    elif jobs is not None and combinations < jobs:
        raise messages.too_few_combinations(combinations, jobs)


def _check_grid(config: Request, combinations: float, jobs: int | None) -> None:
    ranges = config["ParameterRanges"]
    if ranges.get("IntegerParameterRanges") or ranges.get("ContinuousParameterRanges"):
        raise validation("Strategy Grid takes categorical ranges only.")
    if combinations > MAX_GRID:
        raise validation(f"Strategy Grid takes at most {MAX_GRID} combinations, got {combinations}.")
    if jobs is not None and jobs != combinations:
        raise validation(
            f"MaxNumberOfTrainingJobs must be absent or {combinations}, the number of combinations, "
            f"with strategy Grid; got {jobs}."
        )


def _check_objective(engine: TuningEngine, config: Request, definition: Request) -> None:
    metric = config["HyperParameterTuningJobObjective"]["MetricName"]
    known = metric_definitions(engine.home, definition["AlgorithmSpecification"])
    if metric in known:
        return
    if not known:
        raise validation(messages.METRIC_REQUIRED)
    raise validation(
        f"{messages.METRIC_REQUIRED} The objective is {metric!r}, the metrics are {', '.join(sorted(known))}."
    )


def _check_regex(metric: dict[str, str]) -> None:
    try:
        groups = re.compile(metric["Regex"]).groups
    except re.error as error:
        raise validation(f"The regex of metric {metric['Name']!r} does not compile: {error}.") from None
    if groups == 0:
        raise validation(f"The regex of metric {metric['Name']!r} needs a group around the value.")


def _check_channel(engine: TuningEngine, channel: Request, mode: str) -> None:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        raise unsupported(f"A channel without S3DataSource ({name!r})")
    if source["S3DataType"] != "S3Prefix":
        raise unsupported(f"S3DataType {source['S3DataType']} (channel {name!r})")
    if channel.get("InputMode", mode) == "Pipe":
        raise unsupported(f"Input mode Pipe (channel {name!r})")
    if channel.get("CompressionType", "None") != "None":
        raise unsupported(f"CompressionType {channel['CompressionType']} (channel {name!r})")
    uri = s3_uri(channel)
    if not uri.startswith("s3://"):
        raise validation(f"S3Uri of channel {name!r} must start with s3://, got {uri!r}.")
    try:
        found = next(channel_objects(engine.s3, uri), None)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        found = None
    if found is None:
        raise messages.empty_channel(name, uri)
