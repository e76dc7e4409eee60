"""Early stopping of type Auto on recorded learning curves (``curves.csv``), by the engine's rule.

``python -m tests.benchmarks.search.early_stopping``. A tuning job draws 50 configurations at random, the same ones
with and without early stopping; jobs train on some workers, one epoch after the other.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from infra.local.engine.early_stopping import should_stop

JOBS = 50
SEEDS = 10
Curve = list[float]


@dataclass(frozen=True)
class Result:
    """What a tuning job has come to."""

    epochs: int
    stopped: int
    best: float
    """The least objective; a job's objective is its last value."""


def tuning_job(curves: Sequence[Curve], *, workers: int, early: bool) -> Result:
    """A tuning job over these training jobs, in order.

    Args:
        curves: The objective of each job after each epoch; an epoch takes as long in all of them.
        workers: How many jobs run at once.
        early: Whether early stopping is on.
    """
    waiting, running = list(curves), list[tuple[Curve, Curve]]()
    completed, ended, epochs, stopped = list[Curve](), list[float](), 0, 0
    while waiting or running:
        while waiting and len(running) < workers:
            running.append((waiting.pop(0), []))
        for job in list(running):
            whole, seen = job
            seen.append(whole[len(seen)])
            epochs += 1
            stops = early and should_stop(seen, completed, maximize=False)
            if stops or len(seen) == len(whole):
                running.remove(job)
                ended.append(seen[-1])
                stopped += len(seen) < len(whole)
                if not stops:
                    completed.append(seen)
    return Result(epochs, stopped, min(ended))


def recorded() -> list[Curve]:
    """The recorded curves."""
    with Path(__file__).with_name("curves.csv").open(newline="") as file:
        return [[float(v) for v in row["values"].split()] for row in csv.DictReader(file)]


def main() -> None:
    """Print the table."""
    curves = recorded()
    print(f"{len(curves)} curves of {len(curves[0])} epochs; {SEEDS} seeds of {JOBS} jobs\n")
    print("| workers | epochs without | epochs with | saved | jobs stopped | best without | best with | worse by |")
    print("|---|---|---|---|---|---|---|---|")
    for workers in (1, 4, 10):
        drawn = [random.Random(f"jobs/{seed}").sample(curves, JOBS) for seed in range(SEEDS)]
        without = [tuning_job(jobs, workers=workers, early=False) for jobs in drawn]
        stopping = [tuning_job(jobs, workers=workers, early=True) for jobs in drawn]
        all_epochs, epochs = sum(r.epochs for r in without), sum(r.epochs for r in stopping)
        lost = [a.best - b.best for a, b in zip(stopping, without, strict=True)]
        cells = [
            str(workers),
            f"{all_epochs / SEEDS:.0f}",
            f"{epochs / SEEDS:.0f}",
            f"{1 - epochs / all_epochs:.0%}",
            f"{mean(r.stopped for r in stopping):.1f}",
            *(f"{mean(r.best for r in rs):.4f} ± {stdev(r.best for r in rs):.4f}" for rs in (without, stopping)),
            f"{mean(lost):.4f} (at most {max(lost):.4f})",
        ]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
