"""Many records at once: the bytes that ``recordio.encode`` gives for each pair, computed column by column.

A record is a frame around ``features { key: "source" value { int32_tensor { values: [...] } } }`` and the same with
"target". Lengths are varints, so each of the nested messages' sizes depends on that of the one within.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .recordio import MAGIC

_Bytes = npt.NDArray[np.uint8]
_Ints = npt.NDArray[np.int64]

# Field number and wire type of what has a length: features, and in its entry key and value; int32_tensor; values.
_FEATURES, _KEY, _VALUE, _INT32_TENSOR, _VALUES = (field << 3 | 2 for field in (1, 1, 2, 7, 1))
_FRAME = 8
#: By a varint's size: the high bits of all its bytes but the last; ones in the bytes that it has.
_MORE_FOLLOW = np.array([sum(0x80 << 8 * byte for byte in range(size - 1)) for size in range(6)], dtype=np.uint64)
_KEPT = np.array([sum(1 << 8 * byte for byte in range(size)) for size in range(6)], dtype=np.uint64)


class Sentences(NamedTuple):
    """One side of some pairs: all words one after the other, and how many each sentence has, at least one."""

    ids: npt.NDArray[np.int32]
    lengths: _Ints


def encode_block(source: Sentences, target: Sentences) -> _Bytes:
    """The records of some pairs, one at least."""
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
        self._name = name
        self._ids, id_sizes = _varints(sentences.ids)
        firsts = sentences.lengths.cumsum() - sentences.lengths
        self._values: _Ints = np.add.reduceat(id_sizes, firsts, dtype=np.int64)  # bytes of each sentence's ids
        self._tensor = _nested(self._values)
        self._value = _nested(self._tensor)
        self._entry = 2 + len(name) + _nested(self._value)
        #: Bytes in each record.
        self.size = _nested(self._entry)

    def write(self, out: _Bytes, starts: _Ints) -> None:
        """Writes each record's entry where it starts."""
        place = _put_length(out, starts, _FEATURES, self._entry)
        key = np.frombuffer(bytes([_KEY, len(self._name)]) + self._name, dtype=np.uint8)
        _put(out, place, key)
        place = _put_length(out, place + len(key), _VALUE, self._value)
        place = _put_length(out, place, _INT32_TENSOR, self._tensor)
        place = _put_length(out, place, _VALUES, self._values)
        _put_runs(out, place, self._values, self._ids)


def _nested(sizes: _Ints) -> _Ints:
    """Bytes of messages of these sizes with tag and length before them."""
    return 1 + _varint_sizes(sizes).astype(np.int64) + sizes


def _varint_sizes(values: npt.NDArray[np.int32] | _Ints) -> _Bytes:
    """Bytes of each value as a varint, seven bits a byte."""
    sizes = np.ones(len(values), dtype=np.uint8)
    limit = 1 << 7
    while limit <= values.max():
        sizes += values >= limit
        limit <<= 7
    return sizes


def _varints(values: npt.NDArray[np.int32]) -> tuple[_Bytes, _Bytes]:
    """The varints of many values, one after the other, and their sizes."""
    sizes = _varint_sizes(values)
    most = int(sizes.max())
    unit = np.dtype("<u4") if most <= 4 else np.dtype("<u8")
    bits: npt.NDArray[Any] = values.astype(unit)
    spread: npt.NDArray[Any] = _MORE_FOLLOW.astype(unit)[sizes]
    for place in range(most):  # seven bits each, one byte further on
        spread |= (bits & 0x7F << 7 * place) << place
    kept = _KEPT.astype(unit)[sizes]
    return np.compress(kept.view(np.bool_), spread.view(np.uint8)), sizes


def _put_length(out: _Bytes, starts: _Ints, tag: int, lengths: _Ints) -> _Ints:
    """Writes a tag and a length in each record, and says where that ends."""
    out[starts] = tag
    sizes = _varint_sizes(lengths).astype(np.int64)
    _put_varints(out, starts + 1, lengths, sizes)
    return starts + 1 + sizes


def _put_varints(out: _Bytes, starts: _Ints, values: _Ints, sizes: _Ints) -> None:
    """Writes values as varints: low bits first, the high bit says that more follow."""
    out[starts] = (values & 0x7F) | ((sizes > 1) << 7)
    longer = np.flatnonzero(sizes > 1)
    if len(longer):
        _put_varints(out, starts[longer] + 1, values[longer] >> 7, sizes[longer] - 1)


def _put(out: _Bytes, starts: _Ints, pieces: _Bytes) -> None:
    """Writes a piece of the same size in each record: pieces (pairs, n) or (n,)."""
    out[starts[:, None] + np.arange(pieces.shape[-1])] = pieces


def _put_runs(out: _Bytes, starts: _Ints, sizes: _Ints, data: _Bytes) -> None:
    """Writes the next so many bytes of the data in each record."""
    gaps = starts - np.concatenate([[0], (starts + sizes)[:-1]])
    inside = np.repeat(np.tile([False, True], len(starts)), np.stack([gaps, sizes], axis=1).ravel())
    out[: len(inside)][inside] = data  # several times quicker than by index
