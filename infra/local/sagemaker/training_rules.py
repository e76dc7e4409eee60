"""What the service checks of a training job, in a request of its own or in a tuning job's definition."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError

from infra.local.engine import TuningEngine
from infra.local.engine.training.channels import objects_under, s3_uri
from infra.local.engine.training.checkpoints import DEFAULT_PATH

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
    _check_checkpoints(definition)
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


def _check_checkpoints(definition: Request) -> None:
    path = definition.get("CheckpointConfig", {}).get("LocalPath", DEFAULT_PATH)
    if not path.startswith("/opt/ml/") or ".." in path.split("/"):
        raise unsupported(f"A checkpoint LocalPath outside of /opt/ml ({path!r})")


def _check_reading(channel: Request, source: Request, *, pipe: bool) -> None:
    """What goes together: how a channel is stored and how it is read."""
    name, kind = channel["ChannelName"], source["S3DataType"]
    if kind == "Converse":
        raise unsupported(f"S3DataType {kind} (channel {name!r})")
    if kind == "AugmentedManifestFile" and not pipe:
        raise validation(f"S3DataType AugmentedManifestFile needs input mode Pipe (channel {name!r}).")
    if kind == "AugmentedManifestFile" and not source.get("AttributeNames"):
        raise validation(f"S3DataType AugmentedManifestFile needs AttributeNames (channel {name!r}).")
    if channel.get("CompressionType", "None") != "None" and not pipe:
        raise validation(f"CompressionType {channel['CompressionType']} needs input mode Pipe (channel {name!r}).")


def _check_channel(engine: TuningEngine, channel: Request, mode: str) -> None:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        raise unsupported(f"A channel without S3DataSource ({name!r})")
    _check_reading(channel, source, pipe=channel.get("InputMode", mode) == "Pipe")
    uri = s3_uri(channel)
    if not uri.startswith("s3://"):
        raise validation(f"S3Uri of channel {name!r} must start with s3://, got {uri!r}.")
    try:
        found = next(objects_under(engine.s3, uri), None)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
        found = None
    if found is None:
        raise messages.empty_channel(name, uri)
