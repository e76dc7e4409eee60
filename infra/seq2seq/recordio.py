"""SageMaker's recordio-protobuf files: framed messages that each hold one sentence pair as word ids.

A record is a little-endian magic number and length, the message, and zeros up to a multiple of 4 bytes.
"""

from __future__ import annotations

import gzip
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, Protocol, cast

from google.protobuf.message import DecodeError

from infra.container import ClientError

from .record_pb2 import Record

MAGIC = 0xCED7230A
_HEADER = struct.Struct("<II")
#: Bytes before each message.
FRAME = _HEADER.size
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
    return framed(message)


def framed(message: Record) -> bytes:
    """One record of this message; the same message always gives the same bytes."""
    body = message.SerializeToString(deterministic=True)
    return _HEADER.pack(MAGIC, len(body)) + body + bytes(-len(body) % 4)


class Frames(NamedTuple):
    """Some whole records in a row, their messages not looked at yet."""

    data: bytes
    offset: int  # of the data in the stream
    starts: list[int]  # of the records in the data
    stops: list[int]  # of their messages in the data, before the padding

    @property
    def messages(self) -> Iterator[tuple[int, bytes]]:
        """Offset and message of each record."""
        for start, stop in zip(self.starts, self.stops, strict=True):
            yield self.offset + start, self.data[start + FRAME : stop]


def read_file(path: Path) -> Iterator[tuple[int, Pair]]:
    """Offset and pair of each record of a file, which may be compressed by gzip; offsets count decompressed bytes."""
    with path.open("rb", buffering=_BUFFER) as file:
        yield from read_stream(file, str(path))


def read_stream(file: BinaryIO, name: str, *, remedy: str = AGAIN) -> Iterator[tuple[int, Pair]]:
    """Offset and pair of each record of a stream; ``name`` is how errors call it, ``remedy`` what they advise.

    Raises:
        ClientError: A record is truncated or corrupt; names the stream and the record's offset.
    """
    for frames in read_frames(file, name, remedy=remedy):
        for offset, message in frames.messages:
            yield offset, decode(message, name, offset)


def read_frames(file: BinaryIO, name: str, *, remedy: str = AGAIN) -> Iterator[Frames]:
    """All records of a stream, many at once; see ``read_stream``.

    Raises:
        ClientError: A record is truncated or has no right header; those before it are given first.
    """
    start = file.read(2)
    rest = _Rejoined(start, file)
    stream: _Readable = gzip.GzipFile(mode="rb", fileobj=cast("IO[bytes]", rest)) if start == _GZIP_MAGIC else rest
    try:
        yield from _split_frames(stream, name, remedy)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ClientError(f"{name} is not a whole gzip file: {error}; compress and upload it again") from error


def _split_frames(stream: _Readable, name: str, remedy: str) -> Iterator[Frames]:
    offset, rest, needed = 0, b"", FRAME
    while block := stream.read(max(_BUFFER, needed - len(rest))):
        data = rest + block
        starts, stops, end, needed = _find_frames(data)
        if starts:
            yield Frames(data, offset, starts, stops)
        offset, rest = offset + end, data[end:]
        if needed > FRAME + _MAX_MESSAGE:
            magic, length = _HEADER.unpack_from(rest)
            raise ClientError(
                f"{name} is corrupt at byte {offset}: a record starts with the magic number 0x{MAGIC:08X} and a "
                f"length, but got 0x{magic:08X} and {length}; {remedy}"
            )
    if rest:
        raise ClientError(
            f"{name} is truncated: the record at byte {offset} needs {needed} bytes, but only {len(rest)} of them are "
            f"there; {remedy}"
        )


def _find_frames(data: bytes) -> tuple[list[int], list[int], int, int]:
    """Where records start and their messages stop, where the last ends, and how many bytes the next needs from there.

    Records are whole. A header that cannot be right needs more than any record.
    """
    starts: list[int] = []
    stops: list[int] = []
    place, last, unpack = 0, len(data) - FRAME, _HEADER.unpack_from
    while place <= last:
        magic, length = unpack(data, place)
        if magic != MAGIC or length > _MAX_MESSAGE:
            return starts, stops, place, sys.maxsize
        needed = FRAME + length + -length % 4
        if place + needed > len(data):
            return starts, stops, place, needed
        starts.append(place)
        stops.append(place + FRAME + length)
        place += needed
    return starts, stops, place, FRAME


def decode(body: bytes, name: str, offset: int) -> Pair:
    """The pair of one message."""
    message = Record()
    try:
        message.ParseFromString(body)
    except DecodeError as error:
        raise ClientError(f"{name} is corrupt at byte {offset}: not a Record message ({error})") from error
    if "source" not in message.features:
        raise ClientError(
            f"{name}: the record at byte {offset} has no feature 'source'; "
            f"it has {sorted(message.features, key=repr) or 'none'}"  # names that are not UTF-8 are bytes
        )
    source, target = (_word_ids(message, side, name, offset) for side in ("source", "target"))
    return Pair(source, target)


def _word_ids(message: Record, side: str, name: str, offset: int) -> list[int]:
    """Those of one side, as a list, which is far quicker to go through; none where the side is missing."""
    if side not in message.features:
        return []
    value = message.features[side]
    kind = value.WhichOneof("value")
    if kind not in (None, "int32_tensor"):  # else the sentence would be an empty one without a word
        raise ClientError(
            f"{name}: the feature {side!r} of the record at byte {offset} must be an int32_tensor of word ids, "
            f"but got {kind}"
        )
    return value.int32_tensor.values[:]
