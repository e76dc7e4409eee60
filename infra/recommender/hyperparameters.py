"""The hyperparameters of a training job: those of its recipe, and what the service adds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from infra.container import ClientError
from infra.handlers.recipes import RECIPES, Hyperparameter, Recipe

PROGRAMS = {
    "aws-hrnn": "hrnn",
    "aws-popularity-count": "popularity-count",
    "aws-sims": "sims",
    "aws-user-personalization": "hrnn",
}
"""What trains each recipe. User-Personalization has the hyperparameters of HRNN, which it replaces, and is trained as
HRNN is; its exploration belongs to campaigns."""

_DEFAULTS = {"epochs": "6", "event_type": "", "event_value_threshold": "", "seed": "1"}


@dataclass(frozen=True)
class Settings:
    """A training job's settings, checked.

    Attributes:
        recipe: what is trained.
        values: the recipe's hyperparameters by name, defaults included.
        event_type: the EVENT_TYPE to learn from; None for all.
        event_value_threshold: the least EVENT_VALUE to learn from; None for all.
        seed: of the split and of all randomness in training.
        epochs: passes over the data at most, where the recipe has any.
    """

    recipe: Recipe
    values: dict[str, str]
    event_type: str | None
    event_value_threshold: float | None
    seed: int
    epochs: int

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Settings:
        """Read a job's hyperparameters.

        Raises:
            ClientError: One is unknown, or not a value of its type.
        """
        values = {**_DEFAULTS, **{name: value for name, value in given.items() if not name.startswith("_")}}
        recipe = RECIPES.get(values.pop("recipe", ""))
        if recipe is None or recipe.name not in PROGRAMS:
            raise ClientError(f"recipe must be one of {', '.join(PROGRAMS)}, got {given.get('recipe')!r}")
        own = {name: values.pop(name) for name in _DEFAULTS}
        known = {h.name: h for h in recipe.hyperparameters}
        if unknown := sorted(set(values) - set(known)):
            names = ", ".join(known) if known else "no hyperparameters"
            raise ClientError(f"{recipe.name} has no hyperparameter {unknown[0]!r}; it has {names}")
        for name, value in values.items():
            _check(known[name], value)
        threshold = own["event_value_threshold"]
        return cls(
            recipe,
            {**{name: h.default for name, h in known.items()}, **values},
            own["event_type"] if own["event_type"] != "" else None,
            _number("event_value_threshold", threshold) if threshold != "" else None,
            _whole("seed", own["seed"], least=0),
            _whole("epochs", own["epochs"], least=1),
        )

    def integer(self, name: str) -> int:
        """An integer hyperparameter."""
        return int(self.values[name])

    def number(self, name: str) -> float:
        """A continuous hyperparameter."""
        return float(self.values[name])

    def flag(self, name: str) -> bool:
        """A boolean hyperparameter."""
        return self.values[name].lower() == "true"


def _check(hyperparameter: Hyperparameter, value: str) -> None:
    """Types and signs alone: the documented ranges are the service's to hold, and its own example leaves one."""
    name = hyperparameter.name
    if hyperparameter.type == "Integer":
        # A size or a number of steps cannot be 0; a least count can.
        _whole(name, value, least=0 if hyperparameter.min == 0 else 1)
    elif hyperparameter.type == "Continuous":
        _number(name, value)
    elif value.lower() not in {v.lower() for v in hyperparameter.values}:
        raise ClientError(f"{name} must be one of {', '.join(hyperparameter.values)}, got {value!r}")


def _whole(name: str, text: str, *, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise ClientError(f"{name} must be a whole number, got {text!r}") from None
    if value < least:
        raise ClientError(f"{name} must be at least {least}, got {value}")
    return value


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ClientError(f"{name} must be a number, got {text!r}")
    return value
