"""Corpora, written as text: ``python corpora.py FOLDER``.

``reverse``: 100 word types, 5 to 25 tokens, turned round. ``numwords``: numbers in English words to their digits.
``zipf8k``: 8,000 word types that follow Zipf's law, each with a translation of its own, turned round. These three are
generated, with a seed. ``translate-en-de``: the real sentence pairs of the example.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path

Pair = tuple[str, str]
EXAMPLE = Path(__file__).parents[3] / "examples" / "translate-en-de"

# fmt: off
_ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]
# fmt: on
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def number_words(number: int) -> list[str]:
    """A number below 10 ** 9 as it is read aloud."""
    for unit, word in ((10**6, "million"), (1000, "thousand")):
        if number >= unit:
            rest = number % unit
            return [*number_words(number // unit), word, *(number_words(rest) if rest else [])]
    if number >= 100:
        rest = number % 100
        return [_ONES[number // 100], "hundred", *(["and", *number_words(rest)] if rest else [])]
    if number < 20:
        return [_ONES[number]]
    return [_TENS[number // 10], *([_ONES[number % 10]] if number % 10 else [])]


def numwords() -> Iterator[Pair]:
    """Numbers of one to nine digits, each length as likely, none twice."""
    generator, seen = random.Random(11), set()
    while True:
        digits = generator.randint(1, 9)
        number = generator.randrange(10 ** (digits - 1) if digits > 1 else 0, 10**digits)
        if number not in seen:
            seen.add(number)
            yield " ".join(number_words(number)), " ".join(str(number))


def reverse() -> Iterator[Pair]:
    """Random words and the same from the last to the first."""
    generator = random.Random(7)
    while True:
        words = [f"w{generator.randrange(100)}" for _ in range(generator.randint(5, 25))]
        yield " ".join(words), " ".join(words[::-1])


def zipf8k() -> Iterator[Pair]:
    """Sentences of 18 words in the median, 50 at most."""
    generator, types = random.Random(13), 8000
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(types)))
    while True:
        length = max(3, min(50, int(generator.lognormvariate(2.9, 0.5))))
        words = generator.choices(range(types), cum_weights=weights, k=length)
        yield " ".join(f"s{word}" for word in words), " ".join(f"t{word}" for word in reversed(words))


def translate_en_de() -> Iterator[Pair]:
    """All pairs of the example, in a random order."""
    sides = [(EXAMPLE / f"corpus.{side}").read_text().splitlines() for side in ("en", "de")]
    pairs = list(zip(*sides, strict=True))
    random.Random(17).shuffle(pairs)
    yield from pairs


#: Generator and number of training pairs of each corpus.
CORPORA = {
    "reverse": (reverse, 20_000),
    "numwords": (numwords, 8_000),
    "zipf8k": (zipf8k, 30_000),
    "translate-en-de": (translate_en_de, 11_700),
}
DEV_PAIRS = 300


def write(folder: Path) -> None:
    """``<corpus>/train.src``, ``train.trg``, ``dev.src`` and ``dev.trg`` of each corpus."""
    for name, (generate, size) in CORPORA.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        pairs = generate()
        for part, count in (("dev", DEV_PAIRS), ("train", size)):
            sides = zip(*islice(pairs, count), strict=True)
            for suffix, lines in zip(("src", "trg"), sides, strict=True):
                (folder / name / f"{part}.{suffix}").write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
