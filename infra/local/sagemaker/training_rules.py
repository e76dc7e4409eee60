"""What the service checks of a training job, in a request of its own or in a tuning job's definition."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError

from infra.local.engine import TuningEngine
from infra.local.engine.training.channels import channel_objects, s3_uri

from . import messages
from .messages import unsupported, validation

Request = dict[str, Any]


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
    _check_spot(definition)
    channels = definition.get("InputDataConfig", [])
    names = [c["ChannelName"] for c in channels]
    if repeated := sorted({n for n in names if names.count(n) > 1}):
        raise validation(f"Channel names must be unique, got {repeated[0]!r} twice.")
    for channel in channels:
        _check_channel(engine, channel, algorithm["TrainingInputMode"])


def _check_spot(definition: Request) -> None:
    stopping = definition.get("StoppingCondition", {})
    wait, runtime = stopping.get("MaxWaitTimeInSeconds"), stopping.get("MaxRuntimeInSeconds")
    spot = definition.get("EnableManagedSpotTraining", False)
    if wait is not None and not spot:
        raise validation("MaxWaitTimeInSeconds is for managed spot training only: set EnableManagedSpotTraining.")
    if spot and wait is None:
        raise validation("MaxWaitTimeInSeconds is required with EnableManagedSpotTraining.")
    if wait is not None and runtime is not None and wait < runtime:
        raise validation(f"MaxWaitTimeInSeconds must be at least MaxRuntimeInSeconds, got {wait} and {runtime}.")


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
