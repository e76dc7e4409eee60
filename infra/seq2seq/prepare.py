"""Two tokenised text files to the files that the algorithm trains on, in the public example's layout."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from infra.container import ClientError

from .recordio import Pair, encode
from .vocabulary import SOURCE_FILE, TARGET_FILE, Vocabulary

#: Called with the number of pairs written so far and in all.
Progress = Callable[[int, int], None]
_Tokens = tuple[list[str], list[str]]


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
    pairs, left_out = _read(*training, options.max_length)
    if validation is None:
        train, held_out = _split(pairs, options)
    else:
        (held_out, also_left_out), train = _read(*validation, options.max_length), pairs
        left_out += also_left_out
    vocabularies = tuple(
        Vocabulary.build((pair[side] for pair in train), max_words=options.max_words, min_count=options.min_count)
        for side in (0, 1)
    )
    source, target = vocabularies
    total = len(train) + len(held_out)
    _write_records(folder / "train" / "train.rec", train, source, target, lambda done: progress(done, total))
    after = len(train)
    _write_records(folder / "validation" / "val.rec", held_out, source, target, lambda n: progress(after + n, total))
    (folder / "vocab").mkdir(parents=True, exist_ok=True)
    source.save(folder / "vocab" / SOURCE_FILE)
    target.save(folder / "vocab" / TARGET_FILE)
    return Prepared(len(train), len(held_out), left_out, len(source), len(target))


def _read(source: Path, target: Path, max_length: int | None) -> tuple[list[_Tokens], int]:
    """Pairs of tokenised sentences with words on both sides, and how many were left out."""
    pairs, left_out = [], 0
    for number, (left, right) in enumerate(zip_longest(_lines(source), _lines(target)), start=1):
        if left is None or right is None:
            short, long = (source, target) if left is None else (target, source)
            raise ClientError(
                f"{short} ends after line {number - 1}, but {long} goes on: line by line the two must be translations "
                "of each other"
            )
        longest = max(len(left), len(right))
        if left and right and (max_length is None or longest <= max_length):
            pairs.append((left, right))
        else:
            left_out += 1
    if not pairs:
        limit = "" if max_length is None else f" and at most {max_length}"
        raise ClientError(
            f"{source} and {target} have no pair of sentences with at least one word{limit} on both sides"
        )
    return pairs, left_out


def _lines(path: Path) -> Iterator[list[str]]:
    """Tokens of each line of a UTF-8 file; only line feeds end a line."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            for line in file:
                yield line.split()
    except OSError as error:
        raise ClientError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ClientError(f"{path} is not UTF-8 text: {error}") from error


def _split(pairs: list[_Tokens], options: Options) -> tuple[list[_Tokens], list[_Tokens]]:
    """Training and validation pairs, each in the order of the text."""
    size = max(1, round(len(pairs) * options.validation_fraction))
    if size >= len(pairs):
        raise ClientError(
            f"{len(pairs)} pairs are too few for a validation fraction of {options.validation_fraction}: "
            "at least one must remain for training"
        )
    chosen = set(random.Random(options.seed).sample(range(len(pairs)), size))  # noqa: S311  no secret
    train = [pair for index, pair in enumerate(pairs) if index not in chosen]
    return train, [pairs[index] for index in sorted(chosen)]


def _write_records(
    path: Path, pairs: Iterable[_Tokens], source: Vocabulary, target: Vocabulary, progress: Callable[[int], None]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for number, (left, right) in enumerate(pairs, start=1):
            file.write(encode(Pair(source.encode(left), target.encode(right))))
            if number % 1000 == 0:
                progress(number)
    progress(number)
