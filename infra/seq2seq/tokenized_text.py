"""Tokenised text files as word numbers, held on disk: text of any size in little memory.

Nothing is done a word at a time in Python but what the interpreter does in C: splitting, and looking a word up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from infra.container import ClientError

#: Bytes of text that are split at once: their words stay in the processor's cache.
_BLOCK = 1 << 20
#: Stands for the end of a line among its words; no text has it.
_LINE_END = "\x00"
_LINE_END_NUMBER = 0

Numbers = npt.NDArray[np.int32]


class _WordNumbers(dict[str, int]):
    """Words to numbers in the order in which they are first asked for."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


class TokenizedText:
    """A UTF-8 file with a tokenised sentence a line, tokens split by white space; only line feeds end a line.

    Args:
        path: The file.
        spool: An empty temporary file, to hold 4 bytes a word.
        progress: Told how many bytes have been read since the last time.

    Raises:
        ClientError: The file cannot be read or is not text; names it.
    """

    def __init__(self, path: Path, spool: IO[bytes], progress: Callable[[int], None]) -> None:
        self._numbers = _WordNumbers({_LINE_END: _LINE_END_NUMBER})
        self._spool = spool
        lengths = [np.zeros(0, dtype=np.int64)]
        for block in _blocks(path):
            numbers = self._split(block, path)
            ends = np.flatnonzero(numbers == _LINE_END_NUMBER)
            lengths.append(np.diff(ends, prepend=-1) - 1)
            spool.write(numbers[numbers != _LINE_END_NUMBER].data)
            progress(len(block))
        #: Words of each line.
        self.lengths = np.concatenate(lengths)
        self._starts = np.concatenate([[0], self.lengths.cumsum()])

    @property
    def words(self) -> list[str]:
        """The word of each number; the first is none."""
        return list(self._numbers)

    def _split(self, block: bytes, path: Path) -> Numbers:
        """Words and line ends as numbers."""
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ClientError(f"{path} is not UTF-8 text: {error}") from error
        if _LINE_END in text:
            raise ClientError(f"{path} is not text: it has a NUL character")
        words = text.replace("\n", f" {_LINE_END} ").split()
        return np.fromiter(map(self._numbers.__getitem__, words), dtype=np.int32, count=len(words))

    def lines(self, start: int, stop: int) -> Numbers:
        """The word numbers of some lines in a row."""
        first, last = int(self._starts[start]), int(self._starts[stop])
        self._spool.seek(first * 4)
        return np.frombuffer(self._spool.read((last - first) * 4), dtype=np.int32)


def _blocks(path: Path) -> Iterator[bytes]:
    """A file in blocks of whole lines, each with its line feed."""
    try:
        with path.open("rb") as file:
            rest = b""
            while block := file.read(_BLOCK):
                whole, feed, after = block.rpartition(b"\n")
                if feed:
                    yield rest + whole + feed
                    rest = after
                else:
                    rest += block
            if rest:
                yield rest + b"\n"
    except OSError as error:
        raise ClientError(f"cannot read {path}: {error.strerror}") from error
