"""Sentence pairs from record files, held compactly, a bounded window of them at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infra.container import ClientError

from .pair_block import Ints, PairBlock
from .record_blocks import decode_block
from .recordio import Frames, Pair, decode, read_frames

Int32s = npt.NDArray[np.int32]
#: Words in one window, both sides together: 128 MiB. Data beyond that are shuffled window by window.
WINDOW_WORDS = 32 << 20


class Limits(NamedTuple):
    """What the ids and lengths of pairs are checked and cut against."""

    source_words: int
    target_words: int
    max_source: int
    max_target: int


class PairStore:
    """Many sentence pairs in two flat arrays; 4 bytes a word and 16 a pair."""

    def __init__(self) -> None:
        self._words = (array("i"), array("i"))
        self._ends = (array("q", [0]), array("q", [0]))

    def extend(self, pairs: PairBlock) -> None:
        """Adds pairs."""
        for words, ends, side in zip(self._words, self._ends, pairs, strict=True):
            ends.frombytes((len(words) + side.lengths.cumsum()).tobytes())
            words.frombytes(side.ids.tobytes())

    def __len__(self) -> int:
        return len(self._ends[0]) - 1

    @property
    def words(self) -> int:
        """Words of both sides."""
        return len(self._words[0]) + len(self._words[1])

    def pairs_to(self, words: int, block: PairBlock) -> int | None:
        """With how many pairs of a block the store has so many words; None: with all of them it has fewer."""
        totals = self.words + (block.source.lengths + block.target.lengths).cumsum()
        enough = int(np.searchsorted(totals, words))
        return enough + 1 if enough < len(totals) else None

    def lengths(self, side: int, indices: Ints | None = None) -> Ints:
        """Words of each pair, or of these, without start and end; side 0 is the source, 1 the target."""
        ends = np.frombuffer(self._ends[side], dtype=np.int64)
        return np.diff(ends) if indices is None else ends[indices + 1] - ends[indices]

    def padded(self, side: int, indices: Ints, padding: int) -> npt.NDArray[np.int64]:
        """Word ids of one side of these pairs, filled up to the longest of them: (pairs, words)."""
        words = np.frombuffer(self._words[side], dtype=np.int32)
        starts, lengths = np.frombuffer(self._ends[side], dtype=np.int64)[indices], self.lengths(side, indices)
        columns = np.arange(lengths.max())
        inside = columns < lengths[:, None]  # (pairs, words)
        rows = np.full(inside.shape, padding, dtype=np.int64)
        rows[inside] = words[(starts[:, None] + columns)[inside]]
        return rows

    def sentence(self, side: int, index: int) -> Int32s:
        """Word ids of one side of a pair."""
        ends = self._ends[side]
        return np.frombuffer(self._words[side], dtype=np.int32)[ends[index] : ends[index + 1]]


def block_windows(blocks: Iterable[PairBlock], max_words: int = WINDOW_WORDS) -> Iterator[PairStore]:
    """Stores of about ``max_words`` words each, in the order of the pairs; the last may be smaller, none is empty."""
    store = PairStore()
    for block in blocks:
        rest = block
        while (full := store.pairs_to(max_words, rest)) is not None:
            first, rest = rest.split(full)
            store.extend(first)
            yield store
            store = PairStore()
        store.extend(rest)
    if len(store):
        yield store


def read_pairs(files: Iterable[Path], limits: Limits) -> Iterator[PairBlock]:
    """Checked pairs of some record files, cut to the maximum lengths; pairs with an empty side are left out.

    Raises:
        ClientError: A record cannot be read, or a word id lies outside the vocabulary; names file and offset.
    """
    for path in files:
        for offsets, pairs in _read_blocks(path):
            whole = (pairs.source.lengths > 0) & (pairs.target.lengths > 0)
            if not whole.all():
                offsets, pairs = offsets[whole], pairs.where(whole)
            _check(pairs, limits, offsets, path)
            yield PairBlock(pairs.source.cut(limits.max_source), pairs.target.cut(limits.max_target))


def _read_blocks(path: Path) -> Iterator[tuple[Ints, PairBlock]]:
    """Offsets and pairs of a file's records; those before one that cannot be read come first."""
    with path.open("rb") as file:
        for frames in read_frames(file, str(path)):
            block = decode_block(frames)
            if block is not None:
                yield _offsets(frames), block
            else:
                yield from _read_one_by_one(frames, str(path))


def _read_one_by_one(frames: Frames, name: str) -> Iterator[tuple[Ints, PairBlock]]:
    """The same for records that some other tool has written."""
    pairs: list[Pair] = []
    error: ClientError | None = None
    for offset, message in frames.messages:
        try:
            pairs.append(decode(message, name, offset))
        except ClientError as unreadable:
            error = unreadable
            break
    yield _offsets(frames)[: len(pairs)], PairBlock.of(pairs)
    if error is not None:
        raise error


def _offsets(frames: Frames) -> Ints:
    return frames.offset + np.array(frames.starts)


def _check(pairs: PairBlock, limits: Limits, offsets: Ints, path: Path) -> None:
    """Raises for the first pair with a word id outside its vocabulary."""
    found = []
    for name, side, words in zip(("source", "target"), pairs, (limits.source_words, limits.target_words), strict=True):
        outside = np.flatnonzero((side.ids < 0) | (side.ids >= words))
        if len(outside):
            found.append((side.sentence_of(outside[0]), name, side.ids[outside[0]], words))
    if found:
        number, name, wrong, words = min(found)
        raise ClientError(
            f"{path}: the {name} of the record at byte {offsets[number]} has the word id {wrong}, "
            f"but the vocabulary has the ids 0 to {words - 1}; prepare records and vocabularies together"
        )


class Corpus:
    """A channel's pairs, one epoch after another; kept in memory if they fit into one window.

    Args:
        read: Gives the pairs of the epoch with this number; called again for each epoch of data that do not fit.
        name: The channel, for errors.
        max_words: Size of the window.
        share: Hands windows on among the processes of one training.
    """

    def __init__(
        self,
        read: Callable[[int], Iterable[PairBlock]],
        name: str,
        max_words: int = WINDOW_WORDS,
        share: Callable[[Iterator[PairStore]], Iterator[PairStore]] = iter,
    ) -> None:
        self._read, self._name, self._max_words, self._share = read, name, max_words, share
        self._whole: PairStore | None = None

    def windows(self, epoch: int) -> Iterator[PairStore]:
        """The epoch's windows.

        Raises:
            ClientError: There is no pair to train on.
        """
        if self._whole is not None:
            yield self._whole
            return
        stream = self._share(block_windows(self._read(epoch), self._max_words))
        held = [store for store in (next(stream, None), next(stream, None)) if store is not None]
        if not held:
            raise ClientError(
                f"channel {self._name!r} has no sentence pair with words on both sides; check the files in it"
            )
        if len(held) == 1:
            self._whole = held[0]
        while held:  # none is kept here while the next is read
            yield held.pop(0)
        yield from stream
