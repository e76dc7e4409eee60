"""Some sentence pairs in a few arrays, so that what is done to them is done to all words at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .recordio import Pair

Ints = npt.NDArray[np.int64]
_Mask = npt.NDArray[np.bool_]


class Sentences(NamedTuple):
    """One side of some pairs: all words one after the other, and how many each sentence has."""

    ids: npt.NDArray[np.int32]
    lengths: Ints

    @classmethod
    def of(cls, sentences: Iterable[Iterable[int]]) -> Sentences:
        """From single sentences."""
        rows = [list(sentence) for sentence in sentences]
        ids = np.array([word for row in rows for word in row], dtype=np.int32)
        return cls(ids, np.array([len(row) for row in rows], dtype=np.int64))

    def where(self, chosen: _Mask) -> Sentences:
        """The chosen sentences."""
        return Sentences(np.compress(np.repeat(chosen, self.lengths), self.ids), self.lengths[chosen])

    def cut(self, longest: int) -> Sentences:
        """All sentences, of each so many words at most."""
        lengths = np.minimum(self.lengths, longest)
        if (lengths == self.lengths).all():
            return self
        parts = np.stack([lengths, self.lengths - lengths], axis=1)  # (sentences, 2): words to keep, and beyond
        return Sentences(np.compress(np.repeat(np.resize([True, False], parts.size), parts.ravel()), self.ids), lengths)

    def sentence_of(self, word: int) -> int:
        """The number of the sentence that a word of all is in."""
        return int(np.searchsorted(self.lengths.cumsum(), word, side="right"))


class PairBlock(NamedTuple):
    """Some pairs."""

    source: Sentences
    target: Sentences

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> PairBlock:
        """From single pairs."""
        held = list(pairs)
        return cls(Sentences.of(pair.source for pair in held), Sentences.of(pair.target for pair in held))

    @property
    def size(self) -> int:
        """Number of pairs."""
        return len(self.source.lengths)

    def where(self, chosen: _Mask) -> PairBlock:
        """The chosen pairs."""
        return PairBlock(self.source.where(chosen), self.target.where(chosen))

    def split(self, count: int) -> tuple[PairBlock, PairBlock]:
        """The first so many pairs, and the rest."""
        first = np.arange(self.size) < count
        return self.where(first), self.where(~first)
