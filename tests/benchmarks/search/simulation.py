"""A tuning job in virtual time: jobs of random length on some workers, so that they end out of order."""

from __future__ import annotations

import heapq
import math
import random
import time
from dataclasses import dataclass, field

from infra.local.engine.strategies import Space, fitting, hyperparameters

from .methods import Search
from .problems import Problem


@dataclass
class Outcome:
    """What a search has come to."""

    regrets: list[float] = field(default_factory=list)
    """After each job in the order of their ends: how far the best one, by what was reported, is from the optimum."""
    ask_seconds: float = 0.0
    """Processor time of all asks."""


def simulate(search: Search, problem: Problem, *, seed: int, workers: int, jobs: int) -> Outcome:
    """Run a search on a problem.

    Args:
        search: The search.
        problem: The problem.
        seed: Draws the lengths of the jobs and the noise: the same ones for each search.
        workers: How many jobs run at once.
        jobs: How many jobs run in all.
    """
    draws = random.Random(f"jobs/{seed}")
    lengths = [draws.lognormvariate(0, 0.6) for _ in range(jobs)]
    errors = [draws.gauss(0, problem.noise) for _ in range(jobs)]
    space = Space.of(problem.ranges)
    outcome, best, regret, now = Outcome(), math.inf, math.inf, 0.0
    running: list[tuple[float, int, object, float]] = []
    for number in range(jobs + workers):
        if number >= workers or number >= jobs:
            now, ended, handle, value = heapq.heappop(running)
            reported = value + errors[ended]
            search.tell(handle, reported)
            if reported < best:
                best, regret = reported, value - problem.least
            outcome.regrets.append(regret)
        if number < jobs:
            began = time.process_time()
            handle, chosen = search.ask()
            outcome.ask_seconds += time.process_time() - began
            if fitting(space, hyperparameters(chosen)) is None:
                raise RuntimeError(f"outside the ranges: {chosen}")
            heapq.heappush(running, (now + lengths[number], number, handle, problem.function(chosen)))
    return outcome
