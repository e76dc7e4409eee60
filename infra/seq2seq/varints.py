"""Protobuf's varints by the column: seven bits a byte, low bits first, the high bit says that more follow.

Up to four (or eight) bytes of a varint fit into one number, so bits move between its bytes by shifts of whole columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

#: By a varint's size: the high bits of all its bytes but the last; ones in the bytes that it has.
_MORE_FOLLOW = np.array([sum(0x80 << 8 * byte for byte in range(size - 1)) for size in range(6)], dtype=np.uint64)
_KEPT = np.array([sum(1 << 8 * byte for byte in range(size)) for size in range(6)], dtype=np.uint64)


def sizes_of(values: npt.NDArray[np.int32] | Ints) -> Bytes:
    """Bytes of each value as a varint; one value at least."""
    sizes = np.ones(len(values), dtype=np.uint8)
    limit = 1 << 7
    while limit <= values.max():
        sizes += values >= limit
        limit <<= 7
    return sizes


def encode(values: npt.NDArray[np.int32]) -> tuple[Bytes, Bytes]:
    """The varints of values from 0 on, one after the other, and their sizes; one value at least."""
    sizes = sizes_of(values)
    most = int(sizes.max())
    unit = np.dtype("<u4") if most <= 4 else np.dtype("<u8")
    bits: npt.NDArray[Any] = values.astype(unit)
    spread: npt.NDArray[Any] = _MORE_FOLLOW.astype(unit)[sizes]
    for place in range(most):  # seven bits each, one byte further on
        spread |= (bits & 0x7F << 7 * place) << place
    kept = _KEPT.astype(unit)[sizes]
    return np.compress(kept.view(np.bool_), spread.view(np.uint8)), sizes


def decode(data: Bytes) -> npt.NDArray[np.int32] | None:
    """The values of varints one after the other, which end with the data; None: one has more than four bytes."""
    ends = np.flatnonzero(data < 0x80) + 1
    sizes = np.diff(ends, prepend=0)
    if sizes.max() > 4:
        return None
    spread = np.zeros(len(sizes), dtype="<u4")
    spread.view(np.uint8)[_KEPT.astype("<u4")[sizes].view(np.bool_)] = data
    bits = spread & 0x7F
    for place in range(1, int(sizes.max())):
        bits |= (spread >> place) & 0x7F << 7 * place
    return bits.astype(np.int32)


def read_at(data: Bytes, places: Ints) -> tuple[Ints, Ints]:
    """The varint at each place, and where it ends; -1 for one of more than four bytes."""
    values, places, more = np.zeros_like(places), places.copy(), np.ones(len(places), dtype=np.bool_)
    for byte in range(4):
        found = data[places]
        values += np.where(more, (found & 0x7F).astype(np.int64) << 7 * byte, 0)
        places += more
        more &= found >= 0x80
    return np.where(more, -1, values), places


def write_at(out: Bytes, places: Ints, values: Ints) -> Ints:
    """Writes a varint at each place, and says where it ends."""
    sizes = sizes_of(values).astype(np.int64)
    _write(out, places, values, sizes)
    return places + sizes


def _write(out: Bytes, places: Ints, values: Ints, sizes: Ints) -> None:
    out[places] = (values & 0x7F) | ((sizes > 1) << 7)
    longer = np.flatnonzero(sizes > 1)
    if len(longer):
        _write(out, places[longer] + 1, values[longer] >> 7, sizes[longer] - 1)


def runs(starts: Ints, sizes: Ints) -> npt.NDArray[np.bool_]:
    """A mask of the bytes in ascending runs; to read and write by it is several times quicker than by index."""
    gaps = starts - np.concatenate([[0], (starts + sizes)[:-1]])
    return np.repeat(np.tile([False, True], len(starts)), np.stack([gaps, sizes], axis=1).ravel())
