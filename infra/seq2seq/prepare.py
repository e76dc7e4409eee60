"""Two tokenised text files to the files that the algorithm trains on, in the public example's layout.

The text is read once; what it says is then counted and written from numbers, a block of pairs at a time.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt

from infra.container import ClientError

from .record_blocks import Sentences, encode_block
from .tokenized_text import TokenizedText
from .vocabulary import SOURCE_FILE, TARGET_FILE, Vocabulary

#: Called with the bytes done so far and in all; each byte of text counts when it is read and when it is written.
Progress = Callable[[int, int], None]
#: Lines that are written at once.
_BLOCK = 1 << 14


class Options(NamedTuple):
    """How text becomes training data.

    Args:
        max_words: Most words of a vocabulary, special tokens not counted.
        min_count: Words that occur less often become <unk>.
        max_length: Pairs with more tokens on a side are left out; None: no limit.
        validation_fraction: Share of the pairs that go to the validation data, where these have no files of their own.
        seed: Decides which those are.
    """

    max_words: int = 50_000
    min_count: int = 1
    max_length: int | None = None
    validation_fraction: float = 0.05
    seed: int = 1


class Prepared(NamedTuple):
    """What was written."""

    train_pairs: int
    validation_pairs: int
    left_out: int
    source_words: int
    target_words: int


def prepare(
    training: tuple[Path, Path],
    folder: Path,
    *,
    validation: tuple[Path, Path] | None = None,
    options: Options | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Prepared:
    """Writes ``train/train.rec``, ``validation/val.rec`` and ``vocab/vocab.{src,trg}.json`` below a folder.

    Args:
        training: Source and target text, one tokenised sentence a line, tokens split by spaces.
        folder: Where to write; made if it is missing.
        validation: The same for the validation data; None: a part of the training text.
        options: See there; None: the defaults.
        progress: Told now and then how far it is.

    Raises:
        ClientError: The files do not match line by line, or nothing is left of them.
    """
    options = Options() if options is None else options
    for name in ("train", "validation", "vocab"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    meter = _Meter([*training, *(validation or ())], progress)
    with ExitStack() as files:
        read = partial(_ParallelText, lambda: files.enter_context(TemporaryFile(dir=folder)), options, meter)
        text = read(*training)
        other = text if validation is None else read(*validation)
        train, held_out = _split(text.usable, options) if validation is None else (text.usable, other.usable)
        vocabularies = text.vocabulary(0, train), text.vocabulary(1, train)
        text.write(folder / "train" / "train.rec", train, vocabularies)
        other.write(folder / "validation" / "val.rec", held_out, vocabularies)
    for vocabulary, name in zip(vocabularies, (SOURCE_FILE, TARGET_FILE), strict=True):
        vocabulary.save(folder / "vocab" / name)
    meter.finish()
    left_out = sum(int((~part.usable).sum()) for part in {text, other})
    return Prepared(int(train.sum()), int(held_out.sum()), left_out, *map(len, vocabularies))


class _Meter:
    """Progress over the bytes of some files."""

    def __init__(self, files: list[Path], progress: Progress) -> None:
        self._total = 2 * sum(file.stat().st_size for file in files if file.is_file())
        self._done, self._progress = 0.0, progress

    def add(self, size: float) -> None:
        """Some bytes more are done."""
        self._done += size
        self._progress(min(int(self._done), self._total), self._total)

    def finish(self) -> None:
        """All is done."""
        self._progress(self._total, self._total)


_Lines = npt.NDArray[np.bool_]


class _ParallelText:
    """Two texts of which each line is the translation of the other's."""

    def __init__(
        self, spool: Callable[[], IO[bytes]], options: Options, meter: _Meter, source: Path, target: Path
    ) -> None:
        self._options, self._meter, paths = options, meter, (source, target)
        self._sides = TokenizedText(source, spool(), meter.add), TokenizedText(target, spool(), meter.add)
        self._require_pairs(paths)
        self._bytes = sum(path.stat().st_size for path in paths)

    def _require_pairs(self, paths: tuple[Path, Path]) -> None:
        max_length = self._options.max_length
        source, target = (side.lengths for side in self._sides)
        if len(source) != len(target):
            short, long = paths if len(source) < len(target) else paths[::-1]
            raise ClientError(
                f"{short} ends after line {min(len(source), len(target))}, but {long} goes on: line by line the two "
                "must be translations of each other"
            )
        #: Lines with words on both sides and not too many.
        self.usable: _Lines = (source > 0) & (target > 0)
        if max_length is not None:
            self.usable &= np.maximum(source, target) <= max_length
        if not self.usable.any():
            limit = "" if max_length is None else f" and at most {max_length}"
            raise ClientError(
                f"{paths[0]} and {paths[1]} have no pair of sentences with at least one word{limit} on both sides"
            )

    def _blocks(self, side: int, chosen: _Lines) -> Iterator[Sentences]:
        """The chosen lines' word numbers, block by block."""
        text = self._sides[side]
        for start in range(0, len(chosen), _BLOCK):
            lengths, keep = text.lengths[start : start + _BLOCK], chosen[start : start + _BLOCK]
            numbers = text.lines(start, start + len(keep))
            yield Sentences(numbers[np.repeat(keep, lengths)], lengths[keep])

    def vocabulary(self, side: int, chosen: _Lines) -> Vocabulary:
        """The vocabulary of the chosen lines."""
        words = self._sides[side].words
        counts = np.zeros(len(words), dtype=np.int64)
        for block in self._blocks(side, chosen):
            counts += np.bincount(block.ids, minlength=len(words))
        occurring = np.flatnonzero(counts >= max(1, self._options.min_count))
        counted = {words[number]: int(counts[number]) for number in occurring}
        return Vocabulary.ranked(counted, max_words=self._options.max_words)

    def write(self, path: Path, chosen: _Lines, vocabularies: tuple[Vocabulary, Vocabulary]) -> None:
        """Writes the records of the chosen lines."""
        ids = [self._ids(side, vocabulary) for side, vocabulary in enumerate(vocabularies)]
        share = self._bytes / max(1, len(chosen))
        with path.open("wb") as file:
            for source, target in zip(self._blocks(0, chosen), self._blocks(1, chosen), strict=True):
                if len(source.lengths):
                    pair = Sentences(ids[0][source.ids], source.lengths), Sentences(ids[1][target.ids], target.lengths)
                    file.write(encode_block(*pair).data)
                    self._meter.add(share * len(source.lengths))

    def _ids(self, side: int, vocabulary: Vocabulary) -> npt.NDArray[np.int32]:
        """The id of each word number."""
        return np.array(vocabulary.encode(self._sides[side].words), dtype=np.int32)


def _split(usable: _Lines, options: Options) -> tuple[_Lines, _Lines]:
    """Lines to train on and lines to validate with."""
    places = np.flatnonzero(usable)
    size = max(1, round(len(places) * options.validation_fraction))
    if size >= len(places):
        raise ClientError(
            f"{len(places)} pairs are too few for a validation fraction of {options.validation_fraction}: "
            "at least one must remain for training"
        )
    held_out = np.zeros_like(usable)
    held_out[places[random.Random(options.seed).sample(range(len(places)), size)]] = True  # noqa: S311  no secret
    return usable & ~held_out, held_out
