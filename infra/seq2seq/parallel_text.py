"""Two texts that translate each other line by line, from words to records.

The words of both are held as numbers, on disk. Blocks of lines are worked on side by side, and their results are put
together in order: what comes out does not depend on how many workers there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infra.container import ClientError

from .in_order import Workers
from .pair_block import PairBlock, Sentences
from .record_blocks import encode_block
from .tokenized_text import TokenizedText
from .vocabulary import Vocabulary

#: Lines that are counted or written at once: fewer, and threads wait for each other more than they work.
_LINES = 1 << 14

#: For each line of a text whether it is meant.
Lines = npt.NDArray[np.bool_]


class Work(NamedTuple):
    """What the work on all texts shares."""

    folder: Path  # for files while they are not whole
    files: ExitStack  # closes them
    threads: Workers
    progress: Callable[[float], None]  # told of bytes of text that have been read or written


class ParallelText:
    """Two files of which each line is the translation of the other's.

    Args:
        work: See there.
        source: Its text, one tokenised sentence a line.
        target: The same.
        max_length: Lines with more words on a side are not usable; None: no limit.

    Raises:
        ClientError: The files do not match line by line, or no line of them is usable.
    """

    def __init__(self, work: Work, source: Path, target: Path, max_length: int | None) -> None:
        self._work, paths = work, (source, target)
        self._sides = self._read(source), self._read(target)
        #: Lines with words on both sides and not too many.
        self.usable = self._usable(paths, max_length)
        self._bytes = sum(path.stat().st_size for path in paths)

    def _read(self, path: Path) -> TokenizedText:
        file = TemporaryFile(dir=self._work.folder)  # noqa: SIM115  closed with the others
        spool = self._work.files.enter_context(file)
        return TokenizedText(path, spool, self._work.threads, self._work.progress)

    def _usable(self, paths: tuple[Path, Path], max_length: int | None) -> Lines:
        source, target = (side.lengths for side in self._sides)
        if len(source) != len(target):
            short, long = paths if len(source) < len(target) else paths[::-1]
            raise ClientError(
                f"{short} ends after line {min(len(source), len(target))}, but {long} goes on: line by line the two "
                "must be translations of each other"
            )
        usable: Lines = (source > 0) & (target > 0)
        if max_length is not None:
            usable &= np.maximum(source, target) <= max_length
        if not usable.any():
            limit = "" if max_length is None else f" and at most {max_length}"
            raise ClientError(
                f"{paths[0]} and {paths[1]} have no pair of sentences with at least one word{limit} on both sides"
            )
        return usable

    def vocabulary(self, side: int, chosen: Lines, *, max_words: int, min_count: int) -> Vocabulary:
        """The vocabulary of one side of the chosen lines; see ``Vocabulary.build``."""
        words = self._sides[side].words

        def count(block: tuple[int, Lines]) -> npt.NDArray[np.int64]:
            return np.bincount(self._block(side, *block).ids)

        counts = np.zeros(len(words), dtype=np.int64)
        for some in self._work.threads.map(count, _blocks(chosen)):
            counts[: len(some)] += some
        occurring = np.flatnonzero(counts >= max(1, min_count))
        counted = {words[number]: int(counts[number]) for number in occurring}
        return Vocabulary.ranked(counted, max_words=max_words)

    def write(self, path: Path, chosen: Lines, vocabularies: Sequence[Vocabulary]) -> None:
        """Writes the records of the chosen lines."""
        ids = [self._ids(side, vocabulary) for side, vocabulary in enumerate(vocabularies)]
        share = self._bytes / max(1, int(chosen.sum()))

        def records(block: tuple[int, Lines]) -> tuple[int, bytes]:
            sides = [self._block(side, *block) for side in (0, 1)]
            count = len(sides[0].lengths)
            if not count:
                return 0, b""
            source, target = (Sentences(ids[side][part.ids], part.lengths) for side, part in enumerate(sides))
            return count, encode_block(PairBlock(source, target)).tobytes()

        with path.open("wb") as file:
            for count, data in self._work.threads.map(records, _blocks(chosen)):
                file.write(data)
                self._work.progress(share * count)

    def _ids(self, side: int, vocabulary: Vocabulary) -> npt.NDArray[np.int32]:
        """The id of each word number."""
        return np.array(vocabulary.encode(self._sides[side].words), dtype=np.int32)

    def _block(self, side: int, start: int, keep: Lines) -> Sentences:
        """The word numbers of those lines from a first on that are to be kept."""
        text = self._sides[side]
        lengths, numbers = text.lengths[start : start + len(keep)], text.lines(start, start + len(keep))
        return Sentences(numbers, lengths).where(keep)


def _blocks(chosen: Lines) -> Iterator[tuple[int, Lines]]:
    """The lines block by block: where each starts, and which of its lines are chosen."""
    for start in range(0, len(chosen), _LINES):
        yield start, chosen[start : start + _LINES]
