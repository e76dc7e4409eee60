"""What every search strategy offers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from .space import Configuration, Space, hyperparameters


@dataclass(frozen=True)
class Observation:
    """A finished training job: its configuration, and its objective value if it has one."""

    configuration: Configuration
    value: float | None
    tried: bool = True
    """Whether the configuration counts as tried; that of another tuning job with other data does not."""


class Strategy(Protocol):
    """Chooses configurations. It keeps nothing between asks: all it knows comes with each of them, so that a search
    that is resumed from the record goes on exactly as one that was never interrupted."""

    def ask(
        self, space: Space, history: Sequence[Observation], running: Sequence[Configuration], number: int
    ) -> Configuration | None:
        """Choose the configuration of the next training job.

        Args:
            space: The ranges to choose from.
            history: What a warm start begins with, then the finished training jobs in the order of their numbers.
            running: The configurations of those that still run.
            number: The new training job's number, from 1; seeds the draw.

        Returns:
            A configuration that was neither tried nor runs; None once there is none left.
        """
        ...


def derived_seed(seed: int, number: int, draw: int = 0) -> int:
    """The seed of one draw: 32 bits of SHA-256 over the job's seed, the training job's number and the redraw."""
    digest = hashlib.sha256(f"{seed}/{number}/{draw}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


class Taken:
    """The configurations that may not be chosen again. Two are the same if the training job would see the same text.

    Args:
        history: The finished training jobs.
        running: The configurations of those that still run.
    """

    def __init__(self, history: Sequence[Observation], running: Sequence[Configuration]) -> None:
        chosen = [*(o.configuration for o in history if o.tried), *running]
        self._keys = {_key(c) for c in chosen}

    def __contains__(self, configuration: Configuration) -> bool:
        return _key(configuration) in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def exhausts(self, space: Space) -> bool:
        """Whether no configuration of the space is left."""
        return len(self) >= space.combinations

    def left_in(self, space: Space) -> Iterator[Configuration]:
        """The configurations of a countable space that are left, in order."""
        return (c for c in space.configurations() if c not in self)


def _key(configuration: Configuration) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(hyperparameters(configuration).items()))
