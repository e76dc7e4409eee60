"""Many records at once: the bytes that ``recordio.encode`` gives for each pair, computed column by column.

A record is a frame around ``features { key: "source" value { int32_tensor { values: [...] } } }`` and the same with
"target". Lengths are varints, so each of the nested messages' sizes depends on that of the one within.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .recordio import MAGIC

_Bytes = npt.NDArray[np.uint8]
_Ints = npt.NDArray[np.int64]

# Field number and wire type of what has a length: features, and in its entry key and value; int32_tensor; values.
_FEATURES, _KEY, _VALUE, _INT32_TENSOR, _VALUES = (field << 3 | 2 for field in (1, 1, 2, 7, 1))
_FRAME = 8


class Sentences(NamedTuple):
    """One side of some pairs: all words one after the other, and how many each sentence has, at least one."""

    ids: npt.NDArray[np.int32]
    lengths: _Ints


def encode_block(source: Sentences, target: Sentences) -> _Bytes:
    """The records of some pairs."""
    sides = _Side(b"source", source), _Side(b"target", target)
    bodies = sides[0].size + sides[1].size
    sizes = _FRAME + bodies + -bodies % 4
    starts = sizes.cumsum() - sizes
    out = np.zeros(int(sizes.sum()), dtype=np.uint8)
    frames = np.stack([np.full_like(bodies, MAGIC), bodies], axis=1).astype("<u4").view(np.uint8)  # (pairs, 8)
    _put(out, starts, frames)
    sides[0].write(out, starts + _FRAME)
    sides[1].write(out, starts + _FRAME + sides[0].size)
    return out


class _Side:
    """The entry of one feature in each record."""

    def __init__(self, name: bytes, sentences: Sentences) -> None:
        self._name, self._sentences = name, sentences
        self._id_sizes = _varint_sizes(sentences.ids)
        ends = self._id_sizes.cumsum()
        self._id_starts = ends - self._id_sizes
        last = sentences.lengths.cumsum() - 1
        self._values = np.diff(ends[last], prepend=0)  # bytes of each sentence's ids
        self._tensor = 1 + _varint_sizes(self._values) + self._values
        self._value = 1 + _varint_sizes(self._tensor) + self._tensor
        self._entry = 2 + len(name) + 1 + _varint_sizes(self._value) + self._value
        #: Bytes in each record.
        self.size = 1 + _varint_sizes(self._entry) + self._entry

    def write(self, out: _Bytes, starts: _Ints) -> None:
        """Writes each record's entry where it starts."""
        place = _put_length(out, starts, _FEATURES, self._entry)
        key = np.frombuffer(bytes([_KEY, len(self._name)]) + self._name, dtype=np.uint8)
        _put(out, place, key)
        place = _put_length(out, place + len(key), _VALUE, self._value)
        place = _put_length(out, place, _INT32_TENSOR, self._tensor)
        place = _put_length(out, place, _VALUES, self._values)
        ids, lengths = self._sentences
        first = lengths.cumsum() - lengths
        _put_varints(out, self._id_starts + np.repeat(place - self._id_starts[first], lengths), ids, self._id_sizes)


def _varint_sizes(values: npt.NDArray[np.int32] | _Ints) -> _Ints:
    """Bytes of each value as a varint, seven bits a byte."""
    sizes = np.ones(len(values), dtype=np.int64)
    limit = 1 << 7
    while len(values) and limit <= values.max():
        sizes += values >= limit
        limit <<= 7
    return sizes


def _put_length(out: _Bytes, starts: _Ints, tag: int, lengths: _Ints) -> _Ints:
    """Writes a tag and a length in each record, and says where that ends."""
    out[starts] = tag
    sizes = _varint_sizes(lengths)
    _put_varints(out, starts + 1, lengths, sizes)
    return starts + 1 + sizes


def _put_varints(out: _Bytes, starts: _Ints, values: npt.NDArray[np.int32] | _Ints, sizes: _Ints) -> None:
    """Writes values as varints: low bits first, the high bit says that more follow."""
    out[starts] = (values & 0x7F) | ((sizes > 1) << 7)
    longer = np.flatnonzero(sizes > 1)
    if len(longer):
        _put_varints(out, starts[longer] + 1, values[longer] >> 7, sizes[longer] - 1)


def _put(out: _Bytes, starts: _Ints, pieces: _Bytes) -> None:
    """Writes a piece of the same size in each record: pieces (pairs, n) or (n,)."""
    out[starts[:, None] + np.arange(pieces.shape[-1])] = pieces
