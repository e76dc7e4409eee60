"""Channels in Pipe mode: fetched beside the container's folder, from where `feeder` streams them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import feeder
from .channels import ChannelError, S3Object, augmented_manifest, channel_objects, fetch, object_at

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SPOOL = "pipe-input"
"""Folder of the job with what its pipes will carry."""

PIPES = "pipes.json"

Groups = list[list[dict[str, str]]]


def prepare_pipe(
    s3: S3Client, channel: dict[str, Any], folder: Path, data: Path, *, proceed: Callable[[], None]
) -> dict[str, Any]:
    """Fetch a channel and make its first pipe.

    Args:
        s3: The client.
        channel: The InputDataConfig entry.
        folder: The job folder.
        data: The folder that plays /opt/ml/input/data.
        proceed: Called before each object; raises to give up.

    Returns:
        What the feeder needs to know of it.
    """
    spool = folder / SPOOL / channel["ChannelName"]
    if channel["DataSource"]["S3DataSource"]["S3DataType"] == "AugmentedManifestFile":
        groups = _augmented(s3, channel, spool, proceed)
    else:
        groups = [[piece] for piece in _files(s3, channel, channel_objects(s3, channel), spool, proceed)]
    path = str(data / channel["ChannelName"])
    feeder.make_pipe(path, 0)
    return {
        "path": path,
        "groups": groups,
        "record_io": channel.get("RecordWrapperType") == "RecordIO",
        "gzip": channel.get("CompressionType") == "Gzip",
        "seed": channel.get("ShuffleConfig", {}).get("Seed"),
    }


def write_pipes(folder: Path, pipes: list[dict[str, Any]]) -> None:
    """Tell the supervisor and its feeder which pipes there are; without any there is no file."""
    if pipes:
        (folder / PIPES).write_text(json.dumps(pipes))
    else:
        (folder / PIPES).unlink(missing_ok=True)


def _files(
    s3: S3Client, channel: dict[str, Any], objects: list[S3Object], spool: Path, proceed: Callable[[], None]
) -> list[dict[str, str]]:
    return [{"file": str(file)} for file in fetch(s3, channel, objects, spool, proceed=proceed)]


def _augmented(s3: S3Client, channel: dict[str, Any], spool: Path, proceed: Callable[[], None]) -> Groups:
    """A group for each line: the values of the attributes, and the objects that those ending in -ref name."""
    names = channel["DataSource"]["S3DataSource"]["AttributeNames"]
    lines = augmented_manifest(s3, channel)
    references: list[S3Object] = []
    for number, line in enumerate(lines, start=1):
        for name in names:
            if name not in line:
                raise ChannelError(
                    f"ClientError: line {number} of the augmented manifest has no attribute {name!r}, "
                    f"channel {channel['ChannelName']}"
                )
            if name.endswith("-ref"):
                references.append(object_at(s3, line[name], path=f"{number}/{name}"))
    files = iter(_files(s3, channel, references, spool, proceed) if references else [])

    def piece(line: dict[str, Any], name: str) -> dict[str, str]:
        return next(files) if name.endswith("-ref") else {"text": json.dumps(line[name])}

    return [[piece(line, name) for name in names] for line in lines]
