"""Search strategies behind one interface."""

from __future__ import annotations

from .base import Observation, Strategy, derived_seed
from .bayesian import BayesianStrategy
from .grid import GridStrategy
from .hyperband import HyperbandJudge, Resources
from .random import RandomStrategy
from .space import Configuration, Space, configuration, fitting, hyperparameters

__all__ = [
    "BayesianStrategy",
    "Configuration",
    "GridStrategy",
    "HyperbandJudge",
    "Observation",
    "RandomStrategy",
    "Resources",
    "Space",
    "Strategy",
    "configuration",
    "derived_seed",
    "fitting",
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
    if name in ("Random", "Hyperband"):  # Hyperband chooses at random, and stops what promises little
        return RandomStrategy(seed=seed)
    if name == "Grid":
        return GridStrategy()
    raise ValueError(f"strategy must be one of Bayesian, Grid, Hyperband, Random; got {name!r}")
