"""The search space: SageMaker's parameter ranges, and configurations drawn from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

Value = int | float | str
Configuration = dict[str, Value]
"""A value for each tuned hyperparameter, by name."""

LINEAR, LOGARITHMIC, REVERSE = "Linear", "Logarithmic", "ReverseLogarithmic"

AUTO_LOGARITHMIC_RATIO = 100
"""Scaling Auto is logarithmic from this ratio of the bounds on, if the lower one is above 0. SageMaker publishes no
rule; a range over two decades or more is hardly ever meant linearly."""


@dataclass(frozen=True)
class IntegerRange:
    """Whole numbers from `low` to `high`, both included."""

    name: str
    low: int
    high: int
    scaling: str = LINEAR

    @property
    def size(self) -> float:
        """How many values the range has."""
        return self.high - self.low + 1

    def values(self) -> Iterator[Value]:
        """The values in order."""
        return iter(range(self.low, self.high + 1))


@dataclass(frozen=True)
class ContinuousRange:
    """Real numbers from `low` to `high`, both included."""

    name: str
    low: float
    high: float
    scaling: str = LINEAR
    size: float = math.inf

    def values(self) -> Iterator[Value]:
        """Not countable."""
        raise TypeError(f"the range of {self.name} is continuous")


@dataclass(frozen=True)
class CategoricalRange:
    """One of some strings."""

    name: str
    choices: tuple[str, ...]

    @property
    def ordered(self) -> tuple[str, ...] | None:
        """The choices in the order of their numbers, if they are different numbers; None if they have no order.

        Batch sizes and layer widths are often declared as categories, so that only some values are tried.
        """
        try:
            numbers = {choice: float(choice) for choice in self.choices}
        except ValueError:
            return None
        if len(set(numbers.values())) < len(self.choices) or not all(map(math.isfinite, numbers.values())):
            return None
        return tuple(sorted(self.choices, key=numbers.__getitem__))

    @property
    def size(self) -> float:
        """How many values the range has."""
        return len(self.choices)

    def values(self) -> Iterator[Value]:
        """The values in the order of the request."""
        return iter(self.choices)


Range = IntegerRange | ContinuousRange | CategoricalRange


@dataclass(frozen=True)
class Space:
    """All ranges of a tuning job, sorted by name so that the request's order does not matter."""

    ranges: tuple[Range, ...]

    @property
    def combinations(self) -> float:
        """How many distinct configurations there are; infinite with a continuous range."""
        return math.prod(r.size for r in self.ranges)

    def configurations(self) -> Iterator[Configuration]:
        """All configurations of a space without continuous ranges, one by one."""
        names = [r.name for r in self.ranges]
        for values in product(*(tuple(r.values()) for r in self.ranges)):
            yield dict(zip(names, values, strict=True))

    @classmethod
    def of(cls, parameter_ranges: Mapping[str, Any]) -> Space:
        """The space of a request's `ParameterRanges`; auto parameters get theirs by `auto_ranges`."""
        from .auto_ranges import auto_range

        ranges: list[Range] = []
        for r in parameter_ranges.get("IntegerParameterRanges", []):
            low, high = int(r["MinValue"]), int(r["MaxValue"])
            ranges.append(IntegerRange(r["Name"], low, high, _scaling(r, low, high)))
        for r in parameter_ranges.get("ContinuousParameterRanges", []):
            start, end = float(r["MinValue"]), float(r["MaxValue"])
            ranges.append(ContinuousRange(r["Name"], start, end, _scaling(r, start, end)))
        for r in parameter_ranges.get("CategoricalParameterRanges", []):
            ranges.append(CategoricalRange(r["Name"], tuple(r["Values"])))
        ranges += [auto_range(r["Name"], r["ValueHint"]) for r in parameter_ranges.get("AutoParameters", [])]
        return cls(tuple(sorted(ranges, key=lambda r: r.name)))


def _scaling(parameter_range: Mapping[str, Any], low: float, high: float) -> str:
    scaling: str = parameter_range.get("ScalingType", "Auto")
    if scaling != "Auto":
        return scaling
    return LOGARITHMIC if low > 0 and high / low >= AUTO_LOGARITHMIC_RATIO else LINEAR


def hyperparameters(configuration: Configuration) -> dict[str, str]:
    """A configuration as a training job gets it: "7", floats as the shortest text that is exactly that float."""
    return {name: value if isinstance(value, str) else repr(value) for name, value in configuration.items()}


def configuration(space: Space, texts: Mapping[str, str]) -> Configuration:
    """The configuration that `hyperparameters` has written: the way back, exact."""
    return {r.name: _value(r, texts[r.name]) for r in space.ranges}


def _value(r: Range, text: str) -> Value:
    if isinstance(r, IntegerRange):
        return int(text)
    return float(text) if isinstance(r, ContinuousRange) else text


def fitting(space: Space, texts: Mapping[str, str]) -> Configuration | None:
    """The configuration within the space that a job of another search has tried; None if it lies outside."""
    chosen: Configuration = {}
    for r in space.ranges:
        try:
            value = _value(r, texts[r.name])
        except (KeyError, ValueError):
            return None
        if isinstance(r, CategoricalRange):
            inside = value in r.choices
        else:
            inside = not isinstance(value, str) and r.low <= value <= r.high
        if not inside:
            return None
        chosen[r.name] = value
    return chosen
