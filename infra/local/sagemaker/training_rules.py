"""What the service checks of a training job, in a request of its own or in a tuning job's definition."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

from botocore.exceptions import ClientError

from infra.local.engine import TuningEngine
from infra.local.engine.names import repository_name
from infra.local.engine.training.channels import channel_objects, s3_uri
from infra.local.engine.training.checkpoints import DEFAULT_PATH, OPT_ML
from infra.local.engine.training.file_systems import FileSystemError, channel_directory, file_system_of
from infra.local.engine.training.images import NoLocalImageError, find_image

from . import messages
from .messages import unsupported, validation

Request = dict[str, Any]

_NO_CHECKPOINTS = {
    PurePosixPath("/"),
    *(PurePosixPath(OPT_ML, *parts) for parts in ((), ("input",), ("input", "data"))),
}
"""Folders that hold more than checkpoints."""


def check_training(engine: TuningEngine, definition: Request) -> None:
    """Check what a training job definition and a CreateTrainingJob request have in common.

    Raises:
        ServiceError: The first rule that the request breaks.
    """
    algorithm = definition["AlgorithmSpecification"]
    _check_algorithm(engine, algorithm)
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


def _check_algorithm(engine: TuningEngine, algorithm: Request) -> None:
    """An algorithm resource is a record in an account: only a program or image of one's own can stand for it here."""
    if ("TrainingImage" in algorithm) == ("AlgorithmName" in algorithm):
        raise validation("AlgorithmSpecification must have exactly one of TrainingImage and AlgorithmName.")
    if "AlgorithmName" not in algorithm:
        return
    name = algorithm["AlgorithmName"]
    try:
        find_image(engine.home, name)
    except NoLocalImageError:
        short = repository_name(name)
        raise validation(
            f"AlgorithmName {name!r} is an algorithm of an AWS account, whose image is not on this machine. Let a "
            f"program play it with `tuning local image {short} -- COMMAND`, or a Docker image with `tuning local image "
            f"{short} --docker IMAGE`, and create the job again."
        ) from None


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
    if not path.startswith("/") or ".." in path.split("/") or PurePosixPath(path) in _NO_CHECKPOINTS:
        raise validation(
            f"CheckpointConfig.LocalPath must be the full path of a folder for checkpoints alone, such as "
            f"{DEFAULT_PATH}, got {path!r}."
        )


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


def _check_file_system(engine: TuningEngine, channel: Request, mode: str) -> None:
    name = channel["ChannelName"]
    if "S3DataSource" in channel["DataSource"]:
        raise validation(
            f"DataSource must have exactly one of S3DataSource and FileSystemDataSource (channel {name!r})."
        )
    if channel.get("InputMode", mode) != "File":
        raise validation(f"FileSystemDataSource needs input mode File (channel {name!r}).")
    try:
        channel_directory(engine.home, channel)
    except FileSystemError as error:
        text = str(error)
        raise validation(f"{text[0].upper()}{text[1:]}.") from None


def _check_channel(engine: TuningEngine, channel: Request, mode: str) -> None:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if file_system_of(channel) is not None:
        _check_file_system(engine, channel, mode)
        return
    if source is None:
        raise unsupported(f"A channel without S3DataSource or FileSystemDataSource ({name!r})")
    _check_reading(channel, source, pipe=channel.get("InputMode", mode) == "Pipe")
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
