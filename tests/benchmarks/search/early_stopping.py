"""Early stopping of type Auto, by the engine's rule: for random configurations, and in a Bayesian search.

``python -m tests.benchmarks.search.early_stopping [random] [bayesian]``. Jobs train on some workers, one epoch after
the other, with and without early stopping. Random: 50 configurations drawn from recorded learning curves
(``curves.csv``), the same ones in both. Bayesian: 30 jobs of the engine's own search, on made-up curves over the
problem seq2seq; what it is told of a stopped job is its last value, as the service has it.
"""

from __future__ import annotations

import csv
import math
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Protocol

from infra.local.engine.early_stopping import should_stop

from .methods import Engine
from .problems import Parameters, problem
from .results import middle

JOBS = 50
SEARCHED, EPOCHS = 30, 20
"""Jobs of a Bayesian search, and the epochs of each."""
SEEDS = 10
Curve = list[float]


@dataclass(frozen=True)
class Result:
    """What a tuning job has come to."""

    epochs: int
    stopped: int
    best: float
    """The least objective; a job's objective is its last value."""


class Jobs(Protocol):
    """The training jobs of a tuning job."""

    def start(self) -> tuple[int, Curve] | None:
        """The next job's number and its objective after each epoch; None if there is none left."""
        ...

    def end(self, number: int, value: float) -> None:
        """What the job of that number has come to."""
        ...


class Drawn:
    """Jobs that are known beforehand."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        self._waiting = list(enumerate(curves))

    def start(self) -> tuple[int, Curve] | None:
        """See Jobs."""
        return self._waiting.pop(0) if self._waiting else None

    def end(self, number: int, value: float) -> None:
        """See Jobs."""


class Searched:
    """Jobs whose configurations the engine's Bayesian search chooses, on the problem seq2seq."""

    def __init__(self, seed: int, jobs: int) -> None:
        self._search, self._left = Engine(problem("seq2seq", seed).ranges, seed), jobs

    def start(self) -> tuple[int, Curve] | None:
        """See Jobs."""
        if not self._left:
            return None
        self._left -= 1
        number, chosen = self._search.ask()
        return number, learning_curve(chosen)

    def end(self, number: int, value: float) -> None:
        """See Jobs."""
        self._search.tell(number, value)


def learning_curve(chosen: Parameters) -> Curve:
    """A made-up curve down to the problem's value: the lower the learning rate, the slower, so that curves cross."""
    least = problem("seq2seq", 0).function(chosen)
    slowness = 2.0 * (float(chosen["learning_rate"]) / 1e-2) ** -0.25
    return [least + 3.0 * math.exp(-epoch / slowness) for epoch in range(1, EPOCHS + 1)]


def tuning_job(jobs: Jobs, *, workers: int, early: bool) -> Result:
    """A tuning job over these training jobs.

    Args:
        jobs: The training jobs; an epoch takes as long in all of them.
        workers: How many jobs run at once.
        early: Whether early stopping is on.
    """
    running = list[tuple[int, Curve, Curve]]()
    completed, ended, epochs, stopped = list[Curve](), list[float](), 0, 0
    while True:
        while len(running) < workers and (started := jobs.start()) is not None:
            running.append((*started, []))
        if not running:
            return Result(epochs, stopped, min(ended))
        for job in list(running):
            number, whole, seen = job
            seen.append(whole[len(seen)])
            epochs += 1
            stops = early and should_stop(seen, completed, maximize=False)
            if stops or len(seen) == len(whole):
                running.remove(job)
                ended.append(seen[-1])
                jobs.end(number, seen[-1])
                stopped += len(seen) < len(whole)
                if not stops:
                    completed.append(seen)


def recorded() -> list[Curve]:
    """The recorded curves."""
    with Path(__file__).with_name("curves.csv").open(newline="") as file:
        return [[float(v) for v in row["values"].split()] for row in csv.DictReader(file)]


def drawn_jobs() -> None:
    """Print the table of random configurations."""
    curves = recorded()
    print(f"{len(curves)} curves of {len(curves[0])} epochs; {SEEDS} seeds of {JOBS} jobs\n")
    print("| workers | epochs without | epochs with | saved | jobs stopped | best without | best with | worse by |")
    print("|---|---|---|---|---|---|---|---|")
    for workers in (1, 4, 10):
        drawn = [random.Random(f"jobs/{seed}").sample(curves, JOBS) for seed in range(SEEDS)]
        without, stopping = (
            [tuning_job(Drawn(jobs), workers=workers, early=early) for jobs in drawn] for early in (False, True)
        )
        lost = [a.best - b.best for a, b in zip(stopping, without, strict=True)]
        cells = [
            *costs(workers, without, stopping),
            *(f"{mean(r.best for r in rs):.4f} ± {stdev(r.best for r in rs):.4f}" for rs in (without, stopping)),
            f"{mean(lost):.4f} (at most {max(lost):.4f})",
        ]
        print(f"| {' | '.join(cells)} |")


def searched_jobs() -> None:
    """Print the table of Bayesian searches."""
    print(f"{SEEDS} searches of {SEARCHED} jobs of {EPOCHS} epochs\n")
    print("| workers | epochs without | epochs with | saved | jobs stopped | best without | best with | better in |")
    print("|---|---|---|---|---|---|---|---|")
    for workers in (1, 4):
        without, stopping = (
            [tuning_job(Searched(seed, SEARCHED), workers=workers, early=early) for seed in range(SEEDS)]
            for early in (False, True)
        )
        better = sum(a.best < b.best for a, b in zip(stopping, without, strict=True))
        bests = [middle([r.best for r in rs]) for rs in (without, stopping)]
        print(f"| {' | '.join([*costs(workers, without, stopping), *bests, f'{better} of {SEEDS}'])} |", flush=True)


def costs(workers: int, without: Sequence[Result], stopping: Sequence[Result]) -> list[str]:
    """The first cells of a line: what early stopping saves."""
    all_epochs, epochs = sum(r.epochs for r in without), sum(r.epochs for r in stopping)
    return [
        str(workers),
        f"{all_epochs / SEEDS:.0f}",
        f"{epochs / SEEDS:.0f}",
        f"{1 - epochs / all_epochs:.0%}",
        f"{mean(r.stopped for r in stopping):.1f}",
    ]


if __name__ == "__main__":
    parts = {"random": drawn_jobs, "bayesian": searched_jobs}
    for part in sys.argv[1:] or parts:
        parts[part]()
