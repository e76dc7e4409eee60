"""Random search: independent draws, none twice."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from .base import Observation, Taken, derived_seed
from .scales import from_unit
from .space import Configuration, Space

REDRAWS = 100
"""Draws before the configurations that are left are counted through: only spaces that are nearly used up need it."""


class RandomStrategy:
    """Independent draws, uniform on each range's own scale.

    The same seed draws the same configurations, whatever their results and however many run at once, as long as no
    draw repeats an earlier one.

    Args:
        seed: The tuning job's RandomSeed.
    """

    def __init__(self, *, seed: int) -> None:
        self._seed = seed

    def ask(
        self, space: Space, history: Sequence[Observation], running: Sequence[Configuration], number: int
    ) -> Configuration | None:
        """See Strategy."""
        return draw(space, Taken(history, running), seed=self._seed, number=number)


def draw(space: Space, taken: Taken, *, seed: int, number: int, first_draw: int = 0) -> Configuration | None:
    """A random configuration that is not taken, or None if there is none left."""
    if taken.exhausts(space):
        return None
    for attempt in range(first_draw, first_draw + REDRAWS):
        shares = Random(derived_seed(seed, number, attempt))  # noqa: S311 - no secret
        configuration = {r.name: from_unit(r, shares.random()) for r in space.ranges}
        if configuration not in taken:
            return configuration
    return next(taken.left_in(space), None)
