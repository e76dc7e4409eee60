"""Two tokenised text files to the files that the algorithm trains on, in the public example's layout.

The text is read once; what it says is then counted and written from numbers, a block of pairs at a time, on all
processors.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from infra.container import ClientError

from .in_order import Workers
from .parallel_text import Lines, ParallelText, Work
from .vocabulary import SOURCE_FILE, TARGET_FILE

#: Called with the bytes done so far and in all; each byte of text counts when it is read and when it is written.
Progress = Callable[[int, int], None]
#: The files and the channels that they belong to.
_CHANNELS = {"train.rec": "train", "val.rec": "validation", SOURCE_FILE: "vocab", TARGET_FILE: "vocab"}


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
    workers: int | None = None,
    progress: Progress = lambda _done, _total: None,
) -> Prepared:
    """Writes ``train/train.rec``, ``validation/val.rec`` and ``vocab/vocab.{src,trg}.json`` below a folder.

    All of them or, where something goes wrong, none: files that were there before then stay as they are.

    Args:
        training: Source and target text, one tokenised sentence a line, tokens split by spaces.
        folder: Where to write; made if it is missing.
        validation: The same for the validation data; None: a part of the training text.
        options: See there; None: the defaults.
        workers: Threads that work at once; None: one for each processor. What is written is the same for any number.
        progress: Told now and then how far it is.

    Raises:
        ClientError: The files do not match line by line, or nothing is left of them.
    """
    options = Options() if options is None else options
    folder.mkdir(parents=True, exist_ok=True)
    meter = _Meter([*training, *(validation or ())], progress)
    with TemporaryDirectory(dir=folder, prefix=".prepare-") as name, ExitStack() as files, Workers(workers) as threads:
        result = _write(Work(Path(name), files, threads, meter.add), training, validation, options)
        for file, channel in _CHANNELS.items():
            (folder / channel).mkdir(exist_ok=True)
            (Path(name) / file).replace(folder / channel / file)
    meter.finish()
    return result


def _write(work: Work, training: tuple[Path, Path], validation: tuple[Path, Path] | None, options: Options) -> Prepared:
    """Writes all files into the work's folder."""
    text = ParallelText(work, *training, options.max_length)
    other = text if validation is None else ParallelText(work, *validation, options.max_length)
    train, held_out = _split(text.usable, options) if validation is None else (text.usable, other.usable)
    sizes = {"max_words": options.max_words, "min_count": options.min_count}
    vocabularies = [text.vocabulary(side, train, **sizes) for side in (0, 1)]
    text.write(work.folder / "train.rec", train, vocabularies)
    other.write(work.folder / "val.rec", held_out, vocabularies)
    for vocabulary, file in zip(vocabularies, (SOURCE_FILE, TARGET_FILE), strict=True):
        vocabulary.save(work.folder / file)
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


def _split(usable: Lines, options: Options) -> tuple[Lines, Lines]:
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
