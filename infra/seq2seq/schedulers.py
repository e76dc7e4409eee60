"""Learning rate schedules by their documented names, with Sockeye's formulas; t counts updates."""

from __future__ import annotations

import math
from typing import Any

from .hyperparameters import HyperParameters


class FixedRate:
    """Falls with the number of updates, so that a given number of checkpoints halves it.

    ``fixed_rate_inv_t``: lr / (1 + t f) with f = 1 / (half life * updates a checkpoint); ``fixed_rate_inv_sqrt_t``:
    lr / sqrt(1 + t f) with f = 3 / (half life * updates a checkpoint).
    """

    def __init__(self, settings: HyperParameters) -> None:
        self._base = settings.learning_rate
        self._root = settings.lr_scheduler_type == "fixed_rate_inv_sqrt_t"
        half_life = settings.fixed_rate_lr_half_life * settings.checkpoint_frequency_num_batches
        self._factor = (3 if self._root else 1) / half_life

    def rate(self, updates: int) -> float:
        """Learning rate of the next update after so many."""
        divisor = 1 + updates * self._factor
        return self._base / (math.sqrt(divisor) if self._root else divisor)

    def checkpoint(self, improved: bool) -> None:
        """Nothing: improvement does not matter to this schedule."""

    def state_dict(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Nothing to restore."""


class PlateauReduce:
    """Multiplies the rate by a factor after a number of checkpoints in a row without improvement."""

    def __init__(self, settings: HyperParameters) -> None:
        self._rate = settings.learning_rate
        self._factor = settings.plateau_reduce_lr_factor
        self._threshold = settings.plateau_reduce_lr_threshold
        self._waited = 0

    def rate(self, updates: int) -> float:
        """Learning rate of the next update, however many there were."""
        return self._rate

    def checkpoint(self, improved: bool) -> None:
        """Takes note of a checkpoint."""
        self._waited = 0 if improved else self._waited + 1
        if self._waited >= self._threshold:
            self._rate *= self._factor
            self._waited = 0

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training needs."""
        return {"rate": self._rate, "waited": self._waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from there."""
        self._rate, self._waited = state["rate"], state["waited"]


Scheduler = FixedRate | PlateauReduce


def make_scheduler(settings: HyperParameters) -> Scheduler:
    """The schedule that a job's hyperparameters describe."""
    return PlateauReduce(settings) if settings.lr_scheduler_type == "plateau_reduce" else FixedRate(settings)
