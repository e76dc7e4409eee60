"""Many records at once: what ``recordio`` writes and reads pair by pair, computed column by column.

A record is a frame around ``features { key: "source" value { int32_tensor { values: [...] } } }`` and the same with
"target". Lengths are varints, so each of the nested messages' sizes depends on that of the one within.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import varints
from .pair_block import PairBlock, Sentences
from .recordio import FRAME, MAGIC, Frames
from .varints import Bytes, Ints

# Field number and wire type of what has a length: features, and in its entry key and value; int32_tensor; values.
_FEATURES, _KEY, _VALUE, _INT32_TENSOR, _VALUES = (field << 3 | 2 for field in (1, 1, 2, 7, 1))
#: Bytes that a record's own lengths may lead a reader beyond it, however wrong they are.
_BEYOND = 64


def encode_block(pairs: PairBlock) -> Bytes:
    """The records of some pairs: one at least, and no sentence is empty."""
    sides = _SideWriter(b"source", pairs.source), _SideWriter(b"target", pairs.target)
    bodies = sides[0].size + sides[1].size
    sizes = FRAME + bodies + -bodies % 4
    starts = sizes.cumsum() - sizes
    out = np.zeros(int(sizes.sum()), dtype=np.uint8)
    frames = np.stack([np.full_like(bodies, MAGIC), bodies], axis=1).astype("<u4").view(np.uint8)  # (pairs, 8)
    _put(out, starts, frames)
    sides[0].write(out, starts + FRAME)
    sides[1].write(out, starts + FRAME + sides[0].size)
    return out


def decode_block(frames: Frames) -> PairBlock | None:
    """The pairs of some records; None: one is not as ``encode_block`` writes it, so protobuf has to read them."""
    data = np.frombuffer(frames.data + bytes(_BEYOND), dtype=np.uint8)
    starts, stops = np.array(frames.starts) + FRAME, np.array(frames.stops)
    source = _SideReader(b"source", data, starts, stops)
    if not source.regular:
        return None
    target = _SideReader(b"target", data, source.ends, stops)
    if not target.regular or (target.ends != stops).any():
        return None
    sides = source.sentences(data), target.sentences(data)
    return None if sides[0] is None or sides[1] is None else PairBlock(sides[0], sides[1])


class _SideWriter:
    """Writes the entry of one feature in each record."""

    def __init__(self, name: bytes, sentences: Sentences) -> None:
        self._name = name
        self._ids, id_sizes = varints.encode(sentences.ids)
        firsts = sentences.lengths.cumsum() - sentences.lengths
        self._values: Ints = np.add.reduceat(id_sizes, firsts, dtype=np.int64)  # bytes of each sentence's ids
        self._tensor = _nested(self._values)
        self._value = _nested(self._tensor)
        self._entry = 2 + len(name) + _nested(self._value)
        #: Bytes in each record.
        self.size = _nested(self._entry)

    def write(self, out: Bytes, starts: Ints) -> None:
        """Writes each record's entry where it starts."""
        place = _put_length(out, starts, _FEATURES, self._entry)
        key = _key(self._name)
        _put(out, place, key)
        place = _put_length(out, place + len(key), _VALUE, self._value)
        place = _put_length(out, place, _INT32_TENSOR, self._tensor)
        place = _put_length(out, place, _VALUES, self._values)
        inside = varints.runs(place, self._values)
        out[: len(inside)][inside] = self._ids


class _SideReader:
    """Reads the entry of one feature in each record, from where it starts."""

    def __init__(self, name: bytes, data: Bytes, starts: Ints, stops: Ints) -> None:
        place, self.ends, right = _get_length(data, starts, _FEATURES)
        key = _key(name)
        right &= (data[place[:, None] + np.arange(len(key))] == key).all(axis=1)
        place = place + len(key)
        for tag in (_VALUE, _INT32_TENSOR, _VALUES):
            place, ends, has_tag = _get_length(data, place, tag)
            right &= has_tag & (ends == self.ends)
        right &= (place < self.ends) & (self.ends <= stops)
        self._starts = place
        #: Whether all records are as ``_SideWriter`` writes them, as far as their ids.
        self.regular = bool(right.all()) and bool((data[self.ends - 1] < 0x80).all())

    def sentences(self, data: Bytes) -> Sentences | None:
        """The ids; None: one has more than four bytes."""
        sizes = self.ends - self._starts
        inside = varints.runs(self._starts, sizes)
        values = np.compress(inside, data[: len(inside)])
        ids = varints.decode(values)
        lengths: Ints = np.add.reduceat(values < 0x80, sizes.cumsum() - sizes, dtype=np.int64)
        return None if ids is None else Sentences(ids, lengths)


def _key(name: bytes) -> Bytes:
    return np.frombuffer(bytes([_KEY, len(name)]) + name, dtype=np.uint8)


def _nested(sizes: Ints) -> Ints:
    """Bytes of messages of these sizes with tag and length before them."""
    return 1 + varints.sizes_of(sizes).astype(np.int64) + sizes


def _put_length(out: Bytes, starts: Ints, tag: int, lengths: Ints) -> Ints:
    """Writes a tag and a length in each record, and says where that ends."""
    out[starts] = tag
    return varints.write_at(out, starts + 1, lengths)


def _get_length(data: Bytes, starts: Ints, tag: int) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Where what has a length starts and ends in each record, and whether it has that tag and a length."""
    lengths, places = varints.read_at(data, starts + 1)
    return places, places + lengths, (data[starts] == tag) & (lengths >= 0)


def _put(out: Bytes, starts: Ints, pieces: Bytes) -> None:
    """Writes a piece of the same size in each record: pieces (pairs, n) or (n,)."""
    out[starts[:, None] + np.arange(pieces.shape[-1])] = pieces
