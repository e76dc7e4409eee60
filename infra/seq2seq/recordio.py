"""SageMaker's recordio-protobuf files: framed messages that each hold one sentence pair as word ids.

A record is a little-endian magic number and length, the message, and zeros up to a multiple of 4 bytes.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, Protocol, cast

from google.protobuf.message import DecodeError

from infra.container import ClientError

from .record_pb2 import Record

MAGIC = 0xCED7230A
_HEADER = struct.Struct("<II")
_BUFFER = 1 << 20
#: No message of ours comes near; a greater length is a corrupt header, not a reason to ask for that much memory.
_MAX_MESSAGE = 64 << 20
AGAIN = "upload the file again"
"""What to do about a file that is not whole."""

_GZIP_MAGIC = b"\x1f\x8b"


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Rejoined:
    """A stream with what was read of it put back: pipes cannot seek."""

    def __init__(self, start: bytes, rest: _Readable) -> None:
        self._start, self._rest = start, rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._start:
            return self._rest.read(size)
        start, self._start = self._start, b""
        return start + self._rest.read(max(0, size - len(start)))


class Pair(NamedTuple):
    """One sentence pair as word ids, without start, end or padding; the target is empty in requests."""

    source: Sequence[int]
    target: Sequence[int]


def encode(pair: Pair) -> bytes:
    """One record, framed; the same pair always gives the same bytes."""
    message = Record()
    message.features["source"].int32_tensor.values.extend(pair.source)
    if pair.target:
        message.features["target"].int32_tensor.values.extend(pair.target)
    body = message.SerializeToString(deterministic=True)
    return _HEADER.pack(MAGIC, len(body)) + body + bytes(-len(body) % 4)


def read_file(path: Path) -> Iterator[tuple[int, Pair]]:
    """Offset and pair of each record of a file, which may be compressed by gzip; offsets count decompressed bytes."""
    with path.open("rb", buffering=_BUFFER) as file:
        yield from read_stream(file, str(path))


def read_stream(file: BinaryIO, name: str, *, remedy: str = AGAIN) -> Iterator[tuple[int, Pair]]:
    """Offset and pair of each record of a stream; ``name`` is how errors call it, ``remedy`` what they advise.

    Raises:
        ClientError: A record is truncated or corrupt; names the stream and the record's offset.
    """
    start = file.read(2)
    rest = _Rejoined(start, file)
    stream: _Readable = gzip.GzipFile(mode="rb", fileobj=cast("IO[bytes]", rest)) if start == _GZIP_MAGIC else rest
    try:
        yield from _read_records(stream, name, remedy)
    except (EOFError, gzip.BadGzipFile) as error:
        raise ClientError(f"{name} is not a whole gzip file: {error}; compress and upload it again") from error


def _read_records(stream: _Readable, name: str, remedy: str) -> Iterator[tuple[int, Pair]]:
    offset = 0
    while header := stream.read(_HEADER.size):
        if len(header) < _HEADER.size:
            raise _truncated(name, offset, _HEADER.size, len(header), remedy)
        magic, length = _HEADER.unpack(header)
        if magic != MAGIC or length > _MAX_MESSAGE:
            raise ClientError(
                f"{name} is corrupt at byte {offset}: a record starts with the magic number 0x{MAGIC:08X} and a "
                f"length, but got 0x{magic:08X} and {length}; {remedy}"
            )
        padded = length + -length % 4
        body = stream.read(padded)
        if len(body) < padded:
            raise _truncated(name, offset, _HEADER.size + padded, _HEADER.size + len(body), remedy)
        yield offset, _decode(body[:length], name, offset)
        offset += _HEADER.size + padded


def _decode(body: bytes, name: str, offset: int) -> Pair:
    message = Record()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise ClientError(f"{name} is corrupt at byte {offset}: not a Record message ({error})") from error
    if "source" not in message.features:
        raise ClientError(
            f"{name}: the record at byte {offset} has no feature 'source'; it has {sorted(message.features) or 'none'}"
        )
    target = message.features["target"].int32_tensor.values if "target" in message.features else ()
    return Pair(message.features["source"].int32_tensor.values[:], target[:])  # as lists, far quicker to go through


def _truncated(name: str, offset: int, wanted: int, got: int, remedy: str) -> ClientError:
    return ClientError(
        f"{name} is truncated: the record at byte {offset} needs {wanted} bytes, but only {got} of them are there; "
        f"{remedy}"
    )
