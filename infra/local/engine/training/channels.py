"""Channels: what a training job reads, copied from S3 into its folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RESERVE = 64 << 20
"""Bytes that must stay free on the disk beside a channel: logs, models and the record need them."""


LARGE = 8 << 20
"""Bytes from which an object is fetched in parts, side by side."""


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
    etag: str = ""


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
                yield S3Object(bucket, key, entry["Size"], path, entry["ETag"])


def object_at(s3: S3Client, uri: str, *, path: str) -> S3Object:
    """The object of that URI.

    Raises:
        ChannelError: It is not there.
    """
    try:
        bucket, key = split_s3_uri(uri)
        head = s3.head_object(Bucket=bucket, Key=key)
    except (ValueError, ClientError) as error:
        raise ChannelError(f"ClientError: Data download failed: {uri} cannot be read: {error}") from error
    return S3Object(bucket, key, head["ContentLength"], path, head["ETag"])


def objects_of_channel(s3: S3Client, channel: dict[str, Any]) -> list[S3Object]:
    """The objects of a channel with a prefix or a manifest, in their order there.

    Raises:
        ChannelError: There are none.
    """
    name, uri = channel["ChannelName"], s3_uri(channel)
    if channel["DataSource"]["S3DataSource"]["S3DataType"] == "ManifestFile":
        return _of_manifest(s3, channel)
    objects = list(channel_objects(s3, uri))
    if not objects:
        raise ChannelError(
            f'ClientError: Data download failed: No S3 objects found under S3 URL "{uri}", channel {name}'
        )
    return objects


def _of_manifest(s3: S3Client, channel: dict[str, Any]) -> list[S3Object]:
    """A manifest is `[{"prefix": "s3://bucket/some/"}, "relative/key", …]`."""
    uri = s3_uri(channel)
    try:
        first, *keys = json.loads(_text(s3, uri))
        prefix = first["prefix"]
        valid = isinstance(prefix, str) and all(isinstance(key, str) for key in keys)
    except (ValueError, TypeError, KeyError):
        valid = False
    if not valid:
        raise ChannelError(
            f"ClientError: the manifest {uri} of channel {channel['ChannelName']} must look like "
            '[{"prefix": "s3://bucket/prefix/"}, "key", ...]'
        )
    return [object_at(s3, f"{prefix}{key}", path=key) for key in keys]


def augmented_manifest(s3: S3Client, channel: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of an augmented manifest, each a JSON object.

    Raises:
        ChannelError: A line is none, or there are none.
    """
    uri, name = s3_uri(channel), channel["ChannelName"]
    lines: list[dict[str, Any]] = []
    for number, text in enumerate(_text(s3, uri).splitlines(), start=1):
        if text.strip():
            try:
                line = json.loads(text)
            except ValueError:
                line = None
            if not isinstance(line, dict):
                raise ChannelError(f"ClientError: line {number} of {uri} must be a JSON object, channel {name}")
            lines.append(line)
    if not lines:
        raise ChannelError(f"ClientError: the augmented manifest {uri} has no lines, channel {name}")
    return lines


def _text(s3: S3Client, uri: str) -> str:
    bucket, key = split_s3_uri(uri)
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def never(one: S3Object, file: Path) -> bool:
    """Each object is copied."""
    return False


def copy_channel(
    s3: S3Client,
    channel: dict[str, Any],
    target: Path,
    *,
    proceed: Callable[[], None],
    link: Callable[[S3Object, Path], bool] = never,
) -> None:
    """Copy a channel's objects into a folder; see `objects_of_channel` and `fetch`."""
    fetch(s3, channel, objects_of_channel(s3, channel), target, proceed=proceed, link=link)


def fetch(
    s3: S3Client,
    channel: dict[str, Any],
    objects: list[S3Object],
    target: Path,
    *,
    proceed: Callable[[], None],
    link: Callable[[S3Object, Path], bool] = never,
) -> list[Path]:
    """Fetch objects into a folder.

    Args:
        s3: The client.
        channel: The InputDataConfig entry.
        objects: What to fetch.
        target: The folder; what an earlier attempt left there is removed.
        proceed: Called before each object; raises to give up.
        link: Makes a file be an object without a copy; says whether it could. Default: it never can.

    Returns:
        The files, in the objects' order.

    Raises:
        ChannelError: There is no room.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    files = [target / inside(one.path) for one in objects]
    left = []
    for one, file in zip(objects, files, strict=True):
        proceed()
        file.parent.mkdir(parents=True, exist_ok=True)
        if not link(one, file):
            left.append((one, file))
    require_space(channel["ChannelName"], sum(one.size for one, _ in left), target)
    for one, file in left:
        proceed()
        download(s3, one, file)
    return files


def download(s3: S3Client, one: S3Object, file: Path) -> None:
    """Write an object into a file.

    A small one comes in one request: `download_file` asks for the size, which is known, and starts threads.
    """
    if one.size >= LARGE:
        s3.download_file(one.bucket, one.key, str(file))
        return
    with file.open("wb") as target:
        shutil.copyfileobj(s3.get_object(Bucket=one.bucket, Key=one.key)["Body"], target)


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


def inside(path: str) -> PurePosixPath:
    """A key is any text: it must not lead out of the channel's folder."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts:
        raise ChannelError(f"ClientError: the object key {path!r} leads out of the channel's folder")
    return relative
