"""Search strategies behind one interface."""

from __future__ import annotations

from .base import Observation, Strategy, derived_seed
from .bayesian import BayesianStrategy
from .grid import GridStrategy
from .random import RandomStrategy
from .space import Configuration, Space, configuration, hyperparameters

__all__ = [
    "BayesianStrategy",
    "Configuration",
    "GridStrategy",
    "Observation",
    "RandomStrategy",
    "Space",
    "Strategy",
    "configuration",
    "derived_seed",
    "hyperparameters",
    "make_strategy",
]


def make_strategy(name: str, *, seed: int, maximize: bool) -> Strategy:
    """The strategy of that name in the API.

    Raises:
        ValueError: There is no such strategy here.
    """
    if name == "Bayesian":
        return BayesianStrategy(seed=seed, maximize=maximize)
    if name == "Random":
        return RandomStrategy(seed=seed)
    if name == "Grid":
        return GridStrategy()
    raise ValueError(f"strategy must be one of Bayesian, Grid, Random; got {name!r}")
