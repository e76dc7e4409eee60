"""Bayesian search: a Gaussian process over the finished jobs, aware of the running ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .base import Observation, Taken, derived_seed
from .design import spread
from .objective import tempered
from .optuna_bridge import suggest
from .random import draw
from .space import Configuration, Space

STARTUP = 8
"""Jobs, parents' and running ones included, before the surrogate chooses; they are spread over the space. SageMaker
publishes no number; few jobs are the rule in tuning, so each of these costs dearly."""

LEAST_VALUES = 4
"""Finished jobs with an objective value that the surrogate needs."""


class BayesianStrategy:
    """Expected improvement under a Gaussian process, by Optuna's GPSampler.

    The first jobs are spread over the space. The surrogate sees the objective values tempered (`objective`), categories
    that are numbers in their order, and running jobs as if they had ended as it expects. Where it proposes a
    configuration that was tried before, as it may in small spaces, a random one replaces it.

    Args:
        seed: The tuning job's RandomSeed. With one job at a time the same seed and results give the same
            configurations, bit for bit.
        maximize: Whether larger objective values are better.
    """

    def __init__(self, *, seed: int, maximize: bool) -> None:
        self._seed = seed
        self._maximize = maximize

    def ask(
        self, space: Space, history: Sequence[Observation], running: Sequence[Configuration], number: int
    ) -> Configuration | None:
        """See Strategy."""
        taken = Taken(history, running)
        if taken.exhausts(space):
            return None
        values = sum(o.value is not None for o in history)
        if values < LEAST_VALUES or values + len(running) < STARTUP:
            chosen = spread(space, seed=self._seed, number=number)
        else:
            chosen = self._propose(space, history, running, number)
        return draw(space, taken, seed=self._seed, number=number) if chosen in taken else chosen

    def _propose(
        self, space: Space, history: Sequence[Observation], running: Sequence[Configuration], number: int
    ) -> Configuration:
        import optuna

        from .gp_sampler import QuickGPSampler, single_thread

        seed = derived_seed(self._seed, number)
        sampler = QuickGPSampler(
            seed=seed,
            n_startup_trials=LEAST_VALUES,
            independent_sampler=optuna.samplers.RandomSampler(seed=seed),
            warn_independent_sampling=False,
        )
        with single_thread():
            return suggest(sampler, space, self._tempered(history), running, maximize=self._maximize)

    def _tempered(self, history: Sequence[Observation]) -> list[Observation]:
        found = [o for o in history if o.value is not None]
        values = tempered([o.value for o in found if o.value is not None], maximize=self._maximize)
        return [replace(o, value=value) for o, value in zip(found, values, strict=True)]
