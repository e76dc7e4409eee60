"""Channels: what a training job reads, copied from S3 into its folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RESERVE = 64 << 20
"""Bytes that must stay free on the disk beside a channel: logs, models and the record need them."""


class ChannelError(Exception):
    """A channel cannot be had; the text is the training job's failure reason."""


@dataclass(frozen=True)
class S3Object:
    """An object of a channel."""

    bucket: str
    key: str
    size: int
    path: str
    """Where it goes, below the channel's folder."""


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`.

    Raises:
        ValueError: It is not such a URI.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise ValueError(f"an S3 URI must look like s3://bucket/prefix, got {uri!r}")
    return bucket, key


def s3_uri(channel: dict[str, Any]) -> str:
    """The S3 URI of an InputDataConfig entry."""
    uri: str = channel["DataSource"]["S3DataSource"]["S3Uri"]
    return uri


def channel_objects(s3: S3Client, uri: str) -> Iterator[S3Object]:
    """All objects under an S3 prefix. As in a container, their paths begin below the prefix's last folder."""
    bucket, prefix = split_s3_uri(uri)
    folder = prefix.rpartition("/")[0]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            key = entry["Key"]
            below = prefix if key.startswith(f"{prefix}/") else folder
            path = key.removeprefix(f"{below}/") if below else key
            if path and not path.endswith("/"):
                yield S3Object(bucket, key, entry["Size"], path)


def copy_channel(s3: S3Client, channel: dict[str, Any], target: Path, *, proceed: Callable[[], None]) -> None:
    """Copy a channel's objects into a folder.

    Args:
        s3: The client.
        channel: The InputDataConfig entry.
        target: The folder; what an earlier attempt left there is removed.
        proceed: Called before each object; raises to give up.

    Raises:
        ChannelError: There is nothing under the prefix, or no room for it.
    """
    name, uri = channel["ChannelName"], s3_uri(channel)
    objects = list(channel_objects(s3, uri))
    if not objects:
        raise ChannelError(
            f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}", channel {name}'
        )
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    require_space(name, sum(o.size for o in objects), target)
    for one in objects:
        proceed()
        file = target / _inside(one.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(one.bucket, one.key, str(file))


def require_space(channel: str, needed: int, target: Path) -> None:
    """Refuse a channel that the disk has no room for, before it is full.

    Raises:
        ChannelError: Not enough bytes are free.
    """
    free = max(0, shutil.disk_usage(target).free - RESERVE)
    if needed > free:
        raise ChannelError(
            f"ClientError: no disk space for channel {channel}: it needs {needed} bytes, {free} bytes are free "
            f"at {target}; make room or set TUNING_HOME to a folder on a larger disk"
        )


def _inside(path: str) -> PurePosixPath:
    """A key is any text: it must not lead out of the channel's folder."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts:
        raise ChannelError(f"ClientError: the object key {path!r} leads out of the channel's folder")
    return relative
