"""Words of text to numbers, a block at a time: a dictionary knows all words, arrays in front of it the frequent ones.

Looking words up one by one in Python costs half a microsecond each. Here numpy compares whole columns of words with
what a direct-mapped cache holds at their hashes; only what is not there, rare words mostly, is asked of the dictionary.
"""

from __future__ import annotations

import threading
from typing import Protocol

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int32]
_Positions = npt.NDArray[np.int64]
_Chunks = npt.NDArray[np.uint64]

#: Entries of a cache, as a power of two.
_SLOT_BITS = 18
#: Chunks of the words that a cache can hold, 7 bytes in the first and 8 in each other.
_CHUNKS = 4
_LONGEST = 8 * _CHUNKS - 1
#: By the number of bytes of a chunk that belong to the word: what is to be kept of it.
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)
#: Odd numbers without a pattern: the upper bits of products with them are well mixed.
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
#: Bytes to append to a text, so that eight can be read from any place in it.
PADDING = 8


class Lookup(Protocol):
    """Knows words by number."""

    def look_up(self, text: bytes, starts: _Positions, stops: _Positions) -> Numbers:
        """The number of each word of a text, which has no NUL and ends with ``PADDING`` more bytes."""
        ...


class WordNumbers(dict[bytes, int]):
    """Words to numbers, from 1 on in the order in which they are first looked up; for several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __missing__(self, word: bytes) -> int:
        number = self[word] = len(self) + 1
        return number

    def look_up(self, text: bytes, starts: _Positions, stops: _Positions) -> Numbers:
        """See ``Lookup``."""
        words = [text[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        with self._lock:
            return np.fromiter(map(self.__getitem__, words), dtype=np.int32, count=len(words))

    def cached(self) -> Lookup:
        """What one thread asks instead: two caches, as a word's slot in one of them may be another's."""
        return WordCache(WordCache(self, _MULTIPLIERS[0]), _MULTIPLIERS[1])


class WordCache:
    """A cache in front of something slower that knows all words, whose answers it gives for many words at once."""

    def __init__(self, known: Lookup, multiplier: int) -> None:
        self._known, self._multiplier = known, np.uint64(multiplier)
        self._numbers = np.zeros(1 << _SLOT_BITS, dtype=np.int32)  # 0: a free slot
        self._chunks = np.zeros((_CHUNKS, 1 << _SLOT_BITS), dtype=np.uint64)

    def look_up(self, text: bytes, starts: _Positions, stops: _Positions) -> Numbers:
        """See ``Lookup``."""
        words = _Words(np.frombuffer(text, dtype=np.uint8), starts, stops)
        slots = words.slots(self._multiplier)
        numbers = self._numbers[slots]
        missed = np.flatnonzero(~self._holds(words, slots))
        if len(missed):
            numbers[missed] = self._known.look_up(text, starts[missed], stops[missed])
            self._store(words, missed, slots[missed], numbers[missed])
        return numbers

    def _holds(self, words: _Words, slots: _Positions) -> npt.NDArray[np.bool_]:
        """Whether each word's slot has that very word."""
        holds: npt.NDArray[np.bool_] = self._chunks[0][slots] == words.first
        for number, (which, chunks) in enumerate(words.further, start=1):
            holds[which] &= self._chunks[number][slots[which]] == chunks
        holds[words.too_long] = False
        return holds

    def _store(self, words: _Words, missed: _Positions, slots: _Positions, numbers: Numbers) -> None:
        """Puts words into their slots where these are free: the first to come are mostly the most frequent."""
        _, first = np.unique(slots, return_index=True)  # one word for each slot
        first = first[self._numbers[slots[first]] == 0]
        first = first[words.lengths[missed[first]] <= _LONGEST]
        taken, slots = missed[first], slots[first]
        self._chunks[0][slots] = words.first[taken]
        for number, (which, chunks) in enumerate(words.further, start=1):
            places = np.searchsorted(which, taken)
            has = np.flatnonzero(which[np.minimum(places, len(which) - 1)] == taken)
            self._chunks[number][slots[has]] = chunks[places[has]]
        self._numbers[slots] = numbers[first]


class _Words:
    """Words as columns of 64-bit chunks: they are equal where their chunks are."""

    def __init__(self, text: npt.NDArray[np.uint8], starts: _Positions, stops: _Positions) -> None:
        self.lengths = stops - starts
        # (bytes - PADDING,): the eight bytes from each place on
        eights = np.lib.stride_tricks.as_strided(text[:8].view("<u8"), (len(text) - PADDING,), (1,))
        #: Length and first seven bytes, so that words of different lengths always differ.
        self.first: _Chunks = eights[starts] & _MASKS[np.minimum(self.lengths, 7)]
        self.first |= self.lengths.astype(np.uint64) << np.uint64(56)
        #: For each further chunk the words that have it, and it.
        self.further: list[tuple[_Positions, _Chunks]] = []
        which = np.flatnonzero(self.lengths > 7)
        for done in range(7, _LONGEST, 8):
            if not len(which):
                break
            left = self.lengths[which] - done
            self.further.append((which, eights[starts[which] + done] & _MASKS[np.minimum(left, 8)]))
            which = which[left > 8]
        #: Words of more bytes than the chunks have.
        self.too_long = which if self.further else which[:0]

    def slots(self, multiplier: np.uint64) -> _Positions:
        """Where in a cache each word belongs."""
        hashes = self.first * multiplier
        for which, chunks in self.further:
            hashes[which] = (hashes[which] ^ chunks) * multiplier
        return (hashes >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)
