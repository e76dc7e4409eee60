"""Sentence pairs from record files, held compactly, a bounded window of them at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infra.container import ClientError

from .recordio import Pair, read_file

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

    def append(self, source: Iterable[int], target: Iterable[int]) -> None:
        """Adds one pair."""
        for words, ends, side in zip(self._words, self._ends, (source, target), strict=True):
            words.extend(array("i", side))  # quicker than word by word
            ends.append(len(words))

    def __len__(self) -> int:
        return len(self._ends[0]) - 1

    @property
    def words(self) -> int:
        """Words of both sides."""
        return len(self._words[0]) + len(self._words[1])

    def lengths(self, side: int) -> npt.NDArray[np.int64]:
        """Number of words of each pair, without start and end; side 0 is the source, 1 the target."""
        ends = np.frombuffer(self._ends[side], dtype=np.int64)
        return ends[1:] - ends[:-1]

    def sentence(self, side: int, index: int) -> Int32s:
        """Word ids of one side of a pair."""
        ends = self._ends[side]
        return np.frombuffer(self._words[side], dtype=np.int32)[ends[index] : ends[index + 1]]


def windows(pairs: Iterable[Pair], max_words: int = WINDOW_WORDS) -> Iterator[PairStore]:
    """Stores of about ``max_words`` words each, in the order of the pairs; the last may be smaller, none is empty."""
    store = PairStore()
    for source, target in pairs:
        store.append(source, target)
        if store.words >= max_words:
            yield store
            store = PairStore()
    if len(store):
        yield store


def read_pairs(files: Iterable[Path], limits: Limits) -> Iterator[Pair]:
    """Checked pairs of some record files, cut to the maximum lengths; pairs with an empty side are left out.

    Raises:
        ClientError: A record cannot be read, or a word id lies outside the vocabulary; names file and offset.
    """
    for path in files:
        for offset, pair in read_file(path):
            if pair.source and pair.target:
                _check(pair.source, limits.source_words, "source", path, offset)
                _check(pair.target, limits.target_words, "target", path, offset)
                yield Pair(pair.source[: limits.max_source], pair.target[: limits.max_target])


def _check(ids: Iterable[int], words: int, side: str, path: Path, offset: int) -> None:
    lowest, highest = min(ids), max(ids)
    if lowest < 0 or highest >= words:
        wrong = highest if highest >= words else lowest
        raise ClientError(
            f"{path}: the {side} of the record at byte {offset} has the word id {wrong}, "
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
        read: Callable[[int], Iterable[Pair]],
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
        stream = self._share(windows(self._read(epoch), self._max_words))
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
