"""How fast ``tuning seq2seq prepare`` is: ``python -m tests.benchmarks.seq2seq.prepare_speed [MEGABYTES]``.

Text of Zipf-distributed words, both sides together so many megabytes, on the disk that temporary files are on. Beside
it the time to read that text and write as many bytes as the result has, synchronised to the disk, and what a loop does
line by line with protobuf's own message.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from infra.seq2seq.prepare import prepare
from infra.seq2seq.recordio import Pair, encode
from infra.seq2seq.vocabulary import SOURCE_FILE, TARGET_FILE, Vocabulary

from .case import peak_mib

_TYPES = 50_000
_LINES = 20_000


def write_text(path: Path, size: int, seed: int) -> None:
    """Lines of 25 words in the mean, 5 letters each in the mean, until the file has the size."""
    generator = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlu"))
    words = np.array(["".join(generator.choice(letters, length)) for length in generator.integers(2, 9, _TYPES)])
    weights = 1 / (np.arange(_TYPES) + 2.7)
    with path.open("w") as file:
        while file.tell() < size:
            lengths = generator.integers(1, 50, _LINES)
            chosen = words[generator.choice(_TYPES, lengths.sum(), p=weights / weights.sum())]
            file.writelines(" ".join(line) + "\n" for line in np.split(chosen, lengths.cumsum()[:-1]))


def timed(action: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - wall, time.process_time() - cpu


def copy(text: list[Path], result: list[Path], out: Path) -> None:
    """Reads the one and writes as many bytes as the other has."""
    written = sum(path.stat().st_size for path in result)
    with out.open("wb") as file:
        for path in text:
            with path.open("rb") as source:
                while block := source.read(1 << 20):
                    file.write(block[: max(0, written - file.tell())])
        file.write(bytes(max(0, written - file.tell())))
        file.flush()
        os.fsync(file.fileno())


def line_by_line(text: list[Path], out: Path, prepared: Path, lines: int) -> None:
    """The plain way for some lines, its vocabularies given."""
    source, target = (Vocabulary.load(prepared / "vocab" / name) for name in (SOURCE_FILE, TARGET_FILE))
    with text[0].open() as left, text[1].open() as right, out.open("wb") as file:
        for _, one, other in zip(range(lines), left, right, strict=False):
            file.write(encode(Pair(source.encode(one.split()), target.encode(other.split()))))


def main(megabytes: int) -> None:
    """Prints a line for each way."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = [folder / "text.src", folder / "text.trg"]
        for seed, path in enumerate(text):
            write_text(path, megabytes * 500_000, seed)
        lines = min(sum(1 for _ in path.open("rb")) for path in text)
        for path in text:  # as many lines on both sides
            with path.open("r+b") as file:
                for _ in range(lines):
                    file.readline()
                file.truncate(file.tell())
        size = sum(path.stat().st_size for path in text) / 1e6
        before = peak_mib()
        out = folder / "out"
        alone = timed(lambda: prepare((text[0], text[1]), out, workers=1))
        ours = timed(lambda: prepare((text[0], text[1]), out))
        peak = peak_mib()
        records = [out / "train" / "train.rec", out / "validation" / "val.rec"]
        plain = timed(lambda: copy(text, records, folder / "copy"))
        part = lines // 20
        loop = timed(lambda: line_by_line(text, folder / "loop", out, part))
        written = sum(path.stat().st_size for path in records) / 1e6
    print(f"{size:.0f} MB of text, {lines:,} pairs, {written:.0f} MB of records; load {os.getloadavg()[0]:.1f}")
    print(f"prepare, one worker: {size / alone[0]:.1f} MB/s, {size / alone[1]:.1f} MB a CPU second")
    print(f"prepare, all processors: {size / ours[0]:.1f} MB/s, {size / ours[1]:.1f} MB a CPU second; ", end="")
    print(f"peak {before:.0f} to {peak:.0f} MiB")
    print(f"read and write the same bytes: {size / plain[0]:.1f} MB/s, {size / plain[1]:.1f} MB a CPU second")
    print(
        f"line by line, vocabularies given: {size / 20 / loop[0]:.1f} MB/s, {size / 20 / loop[1]:.1f} MB a CPU second"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
