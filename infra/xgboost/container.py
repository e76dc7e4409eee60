"""The training container's files, as far as they concern tables in channels."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from pathlib import Path

from infra.container import ClientError, Container

CSV, LIBSVM = "csv", "libsvm"

CONTENT_TYPES: Mapping[str, str] = {
    "csv": CSV,
    "text/csv": CSV,
    "libsvm": LIBSVM,
    "text/libsvm": LIBSVM,
    "text/x-libsvm": LIBSVM,
}
"""Format by content type; a channel without one is libsvm, as in SageMaker."""

_ONLY_ON_AWS = ("parquet", "application/x-parquet", "recordio-protobuf", "application/x-recordio-protobuf")


class TableContainer(Container):
    """The folder that is ``/opt/ml`` to this job."""

    def has_channel(self, channel: str) -> bool:
        """Whether the request has this channel."""
        return self.channel(channel).is_dir()

    def format(self, channel: str) -> str:
        """``csv`` or ``libsvm``.

        Raises:
            ClientError: The channel has another content type, or streams its data.
        """
        if self.input_mode(channel) == "Pipe":
            raise ClientError(f"channel {channel!r}: input mode Pipe is not supported, use File or FastFile")
        channels = self._config("inputdataconfig.json", {})
        given = channels.get(channel, {}).get("ContentType", LIBSVM)
        header = Message()
        header["content-type"] = given.lower()
        parameters = dict(header.get_params([], header="content-type")[1:])
        name = given.lower().partition(";")[0].strip()
        if name in _ONLY_ON_AWS:
            raise ClientError(
                f"channel {channel!r}: content type {given} is read on AWS only; use text/csv or text/libsvm"
            )
        if name not in CONTENT_TYPES:
            raise ClientError(
                f"channel {channel!r}: content type must be one of {', '.join(CONTENT_TYPES)}, but got {given!r}"
            )
        if CONTENT_TYPES[name] == CSV and parameters.get("label_size", "1") != "1":
            raise ClientError(f"channel {channel!r}: label_size must be 1, but got {given!r}")
        return CONTENT_TYPES[name]

    def data_files(self, channel: str) -> list[Path]:
        """The files of a channel at any depth that have content; names that begin with a dot or _ are not data.

        Raises:
            ClientError: There is none.
        """
        folder = self.channel(channel)
        found = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "_"))]
        files = sorted(path for path in found if path.stat().st_size)
        if not files:
            raise ClientError(f"channel {channel!r} has no data: put its files under the channel's S3Uri")
        return files
