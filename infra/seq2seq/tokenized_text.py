"""Tokenised text files as word numbers, held on disk: text of any size in little memory.

Blocks of lines are split side by side in threads: numpy lets go of the interpreter's lock while it works.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from infra.container import ClientError

from .in_order import Workers
from .word_numbers import PADDING, Lookup, Numbers, WordNumbers

#: Bytes of text that are split at once: few at first, while all words are new, and never so many that their words would
#: not stay in the processor's cache.
_FIRST_BLOCK, _BLOCK = 1 << 14, 1 << 20


class TokenizedText:
    """A UTF-8 file with a tokenised sentence a line, tokens split by white space; only line feeds end a line.

    Args:
        path: The file.
        spool: An empty temporary file, to hold 4 bytes a word.
        workers: Who splits the blocks.
        progress: Told how many bytes have been read since the last time.

    Raises:
        ClientError: The file cannot be read or is not text; names it.
    """

    def __init__(self, path: Path, spool: IO[bytes], workers: Workers, progress: Callable[[float], None]) -> None:
        self._path, self._spool = path, spool
        self._known, self._caches = WordNumbers(), threading.local()
        lengths = [np.zeros(0, dtype=np.int64)]
        for size, numbers, block_lengths in workers.map(self._split, _blocks(path)):
            lengths.append(block_lengths)
            spool.write(numbers.data)
            progress(size)
        spool.flush()
        #: Words of each line.
        self.lengths = np.concatenate(lengths)
        self._starts = np.concatenate([[0], self.lengths.cumsum()])

    @property
    def words(self) -> list[str]:
        """The word of each number; that of number 0, which no word has, is empty."""
        return ["", *(word.decode() for word in self._known)]

    def _split(self, place: tuple[int, bytes]) -> tuple[int, Numbers, npt.NDArray[np.int64]]:
        """A block's size, its words' numbers and how many of them each line has."""
        offset, block = place
        self._require_text(offset, block)
        padded = b"\n" + block + bytes(PADDING)
        text = np.frombuffer(padded, dtype=np.uint8)
        space = _is_space(text[:-PADDING])
        if not block.isascii():
            _add_wide_spaces(space, text)
        edges = np.flatnonzero(space[1:] != space[:-1]) + 1  # a word's start and its end in turns
        starts, stops = np.ascontiguousarray(edges.reshape(-1, 2).T)
        line_ends = np.flatnonzero(text[1:-PADDING] == ord("\n")) + 1
        lengths = np.diff(np.searchsorted(starts, line_ends), prepend=0)
        return len(block), self._cache().look_up(padded, starts, stops), lengths

    def _cache(self) -> Lookup:
        """This thread's cache."""
        if not hasattr(self._caches, "words"):
            self._caches.words = self._known.cached()
        words: Lookup = self._caches.words
        return words

    def _require_text(self, offset: int, block: bytes) -> None:
        try:
            block.decode()
        except UnicodeDecodeError as error:
            raise ClientError(
                f"{self._path} is not UTF-8 text: {error.reason} at byte {offset + error.start}"
            ) from error
        if (nul := block.find(b"\0")) >= 0:
            raise ClientError(f"{self._path} is not text: it has a NUL character at byte {offset + nul}")

    def lines(self, start: int, stop: int) -> Numbers:
        """The word numbers of some lines in a row; for several threads at once."""
        first, last = int(self._starts[start]), int(self._starts[stop])
        return np.frombuffer(os.pread(self._spool.fileno(), (last - first) * 4, first * 4), dtype=np.int32)


def _is_space(text: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Which bytes are ASCII's white space: tab to carriage return, the separators 28 to 31, space."""
    space = text - np.uint8(9) <= 4  # wraps around below 9
    space |= text - np.uint8(28) <= 4
    return space


def _add_wide_spaces(space: npt.NDArray[np.bool_], text: npt.NDArray[np.uint8]) -> None:
    """Marks the bytes of white space beyond ASCII as well, as ``str.split`` has it."""
    one, two, three = (text[place : len(space) + place] for place in range(3))
    starts = (one == 0xC2) & ((two == 0x85) | (two == 0xA0))  # U+0085, U+00A0
    _mark(space, starts, 2)
    ends = (three <= 0x8A) | (three == 0xA8) | (three == 0xA9) | (three == 0xAF)
    starts = (one == 0xE2) & (two == 0x80) & ends  # U+2000 to U+200A, U+2028, U+2029, U+202F
    starts |= (one == 0xE2) & (two == 0x81) & (three == 0x9F)  # U+205F
    starts |= (one == 0xE1) & (two == 0x9A) & (three == 0x80)  # U+1680
    starts |= (one == 0xE3) & (two == 0x80) & (three == 0x80)  # U+3000
    _mark(space, starts, 3)


def _mark(space: npt.NDArray[np.bool_], starts: npt.NDArray[np.bool_], size: int) -> None:
    """Marks characters of a size where they start."""
    if starts.any():
        for place in range(size):
            space[place:] |= starts[: len(space) - place]


def _blocks(path: Path) -> Iterator[tuple[int, bytes]]:
    """A file in blocks of whole lines, each with its line feed, and where they start."""
    try:
        with path.open("rb") as file:
            offset, rest, size = 0, b"", _FIRST_BLOCK
            while block := file.read(size):
                size = min(2 * size, _BLOCK)
                whole, feed, after = block.rpartition(b"\n")
                if feed:
                    yield offset, rest + whole + feed
                    offset += len(rest) + len(whole) + 1
                    rest = after
                else:
                    rest += block
            if rest:
                yield offset, rest + b"\n"
    except OSError as error:
        raise ClientError(f"cannot read {path}: {error.strerror}") from error
