"""Runs the cases with this project and with JoeyNMT in turn, so that both see the same machine.

``python -m tests.benchmarks.seq2seq.run JOEYNMT_PYTHON OUT.csv [speed|quality]``; each line of the result is one
process. Figures count CPU time of one thread; other work on the machine still takes caches and shares of a core from
them, so speeds are taken in three rounds, and the table at the end has medians and ranges.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from . import corpora
from .case import Case

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
KEY = ["corpus", "kind", "layers", "seed", "system"]
SEEDS = (1, 2, 3)
FIELDS = ["tokens_per_cpu_second", "peak_mib", "perplexity", "bleu", "sentences_per_cpu_second"]


def cases(folder: Path, kind: str) -> Iterator[Case]:
    """Speed: one and two layers, and a large vocabulary, three seeds as rounds. Quality: three seeds of a task
    that is learnt in seconds, and of real sentences; both systems keep their best checkpoint by perplexity.
    """
    for seed in SEEDS:
        if kind == "speed":
            for layers in (1, 2):
                small = partial(Case, corpus=folder / "reverse", max_length=30, warm_up=5, updates=35)
                yield small(layers=layers, units=256, seed=seed, evaluate=seed == SEEDS[0])
            yield Case(corpus=folder / "zipf8k", layers=1, units=256, max_length=60, warm_up=3, updates=18, seed=seed)
        else:
            common = partial(Case, max_length=40, warm_up=5, units=128, updates=300, evaluate=True)
            for kind, layers in (("rnn", 1), ("cnn", 2)):
                case = partial(common, kind=kind, layers=layers, seed=seed)
                yield case(corpus=folder / "numwords", learning_rate=0.003, checkpoint=50)
                yield case(corpus=folder / "translate-en-de", learning_rate=0.002, checkpoint=100, min_count=3)


def systems(joeynmt: str, kind: str) -> dict[str, list[str]]:
    """Command of each system that has this kind of network; the case and what stands after it follow."""
    ours = [sys.executable, "-m", "tests.benchmarks.seq2seq.measure_ours"]
    commands = {"ours": [*ours, "CASE", "buckets"]}
    if kind == "rnn":
        commands["ours, no buckets"] = [*ours, "CASE", "mixed"]
        commands["joeynmt"] = [joeynmt, str(HERE / "measure_joeynmt.py"), "CASE"]
    return commands


def main(joeynmt: str, out: Path, kind: str) -> None:
    """Takes all cases in turn; what OUT has already is not measured again."""
    there = set()
    if out.exists():
        with out.open(newline="") as file:
            there = {tuple(row[name] for name in KEY) for row in csv.DictReader(file)}
    with tempfile.TemporaryDirectory() as folder, out.open("a", newline="") as file:
        corpora.write(Path(folder))
        writer = csv.DictWriter(file, [*KEY, *FIELDS])
        if not there:
            writer.writeheader()
        for case in cases(Path(folder), kind):
            for system, command in systems(joeynmt, case.kind).items():
                key = (case.corpus.name, case.kind, str(case.layers), str(case.seed), system)
                if key not in there:
                    row = dict(zip(KEY, key, strict=True)) | measured(command, case)
                    writer.writerow(row)
                    file.flush()
                    print(row, flush=True)
    if kind == "speed":
        print("\n".join(summary(out)))


def summary(out: Path) -> Iterator[str]:
    """For each corpus and size, speeds of the systems and their ratio to JoeyNMT's: median and range of the rounds."""
    with out.open(newline="") as file:
        speeds = {tuple(row[name] for name in KEY): float(row[FIELDS[0]]) for row in csv.DictReader(file)}
    for corpus, kind, layers, system in dict.fromkeys((*key[:3], key[4]) for key in speeds):
        rounds = [(corpus, kind, layers, str(seed)) for seed in SEEDS]
        ratios = [speeds[(*key, system)] / speeds[(*key, "joeynmt")] for key in rounds]
        found = spread([speeds[(*key, system)] for key in rounds], ",.0f")
        yield f"| {corpus} | {layers} | {system} | {found} | {spread(ratios, '.2f')} |"


def spread(values: list[float], form: str) -> str:
    """Median and range."""
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def measured(command: list[str], case: Case) -> dict[str, str]:
    """What one process measures."""
    line = [case.to_json() if word == "CASE" else word for word in command]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(line, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return {name: f"{value:.4g}" for name, value in json.loads(done.stdout.splitlines()[-1]).items()}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
