"""Runs the cases with this project and with JoeyNMT in turn, so that both see the same machine.

``python -m tests.benchmarks.seq2seq.run JOEYNMT_PYTHON OUT.csv [speed|quality]``; each line of the result is one
process. Figures count CPU time of one thread, so other work on the machine disturbs them little.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from . import corpora
from .case import Case

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
FIELDS = ["tokens_per_cpu_second", "peak_mib", "perplexity", "bleu", "sentences_per_cpu_second"]


def cases(folder: Path, kind: str) -> Iterator[Case]:
    """Speed: one and two layers, and a large vocabulary. Quality: three seeds of a task that is learnt in seconds."""
    if kind == "speed":
        for layers in (1, 2):
            yield Case(
                corpus=folder / "reverse", layers=layers, units=256, max_length=30, warm_up=5, updates=35, evaluate=True
            )
        yield Case(corpus=folder / "zipf8k", layers=1, units=256, max_length=60, warm_up=3, updates=18)
    else:
        quality = {"layers": 1, "units": 128, "max_length": 40, "warm_up": 5, "updates": 300}
        for seed in (1, 2, 3):
            yield Case(corpus=folder / "numwords", learning_rate=0.003, evaluate=True, seed=seed, **quality)


def systems(joeynmt: str) -> dict[str, list[str]]:
    """Command of each system; the case and what stands after it follow."""
    ours = [sys.executable, "-m", "tests.benchmarks.seq2seq.measure_ours"]
    return {
        "ours": [*ours, "CASE", "buckets"],
        "ours, no buckets": [*ours, "CASE", "mixed"],
        "joeynmt": [joeynmt, str(HERE / "measure_joeynmt.py"), "CASE"],
    }


def main(joeynmt: str, out: Path, kind: str) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder, out.open("w", newline="") as file:
        corpora.write(Path(folder))
        writer = csv.DictWriter(file, ["corpus", "layers", "seed", "system", *FIELDS])
        writer.writeheader()
        for case in cases(Path(folder), kind):
            for system, command in systems(joeynmt).items():
                line = [case.to_json() if word == "CASE" else word for word in command]
                done = subprocess.run(line, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
                result = {name: f"{value:.4g}" for name, value in json.loads(done.stdout.splitlines()[-1]).items()}
                row = {"corpus": case.corpus.name, "layers": case.layers, "seed": case.seed, "system": system}
                writer.writerow(row | result)
                file.flush()
                print(row | result, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
