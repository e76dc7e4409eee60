"""The search space of a training job definition: what is searched, on which scale, and how many configurations."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.handlers.numbers import number
from infra.review.amounts import Amount, Unknown, entries, product, section, unknown
from infra.review.request import Intrinsic

_KINDS = {
    "IntegerParameterRanges": "integer",
    "ContinuousParameterRanges": "continuous",
    "CategoricalParameterRanges": "categorical",
    "AutoParameters": "auto",
}
_MOST_VALUES_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class SearchRange:
    """The range of one hyperparameter.

    Attributes:
        name: the hyperparameter.
        kind: integer, continuous, categorical or auto.
        bounds: its bounds or values as text.
        scaling: linear, logarithmic, reverse logarithmic, or None where the service chooses.
        decades: powers of ten that a logarithmic range spans; None for other ranges.
        size: how many values it has; None for infinitely many.
    """

    name: str
    kind: str
    bounds: str
    scaling: str | None = None
    decades: float | None = None
    size: Amount | None = None

    def __str__(self) -> str:
        parts = [f"{self.kind} {self.bounds}" if self.bounds else self.kind]
        if self.scaling is not None:
            parts.append(self.scaling)
        if self.decades is not None:
            parts.append(f"{self.decades:.3g} {'decade' if self.decades == 1 else 'decades'}")
        return ", ".join(parts)


@dataclass(frozen=True)
class SearchSpace:
    """All ranges of a training job definition.

    Attributes:
        ranges: the ranges in the order of the hyperparameters' names.
        size: how many configurations there are; None for infinitely many.
    """

    ranges: tuple[SearchRange, ...]
    size: Amount | None

    def __str__(self) -> str:
        count = f"{len(self.ranges)} {'hyperparameter' if len(self.ranges) == 1 else 'hyperparameters'}"
        if not self.ranges:
            return "nothing is tuned"
        if self.size is None:
            return count
        if isinstance(self.size, Unknown):
            return f"{count}, size {self.size}"
        return f"{count}, {self.size:,} {'combination' if self.size == 1 else 'combinations'}"


def search_space(ranges: Any) -> SearchSpace:
    """The search space that ParameterRanges, or HyperParameterRanges, of a request declare."""
    if isinstance(ranges, Intrinsic):
        return SearchSpace((), unknown(ranges, "ParameterRanges"))
    found = sorted(_ranges(ranges), key=lambda one: one.name)
    missing = [unknown(value, kind) for kind, value in section(ranges).items() if isinstance(value, Intrinsic)]
    sizes: list[Amount] = [*missing]
    for one in found:
        if one.size is None:
            return SearchSpace(tuple(found), None)
        sizes.append(one.size)
    return SearchSpace(tuple(found), product(sizes) if sizes else 0)


def _ranges(ranges: Any) -> Iterator[SearchRange]:
    for member, kind in _KINDS.items():
        for entry in entries(section(ranges).get(member)):
            name = str(entry.get("Name"))
            if kind == "categorical":
                yield _categorical(name, entry.get("Values"))
            elif kind == "auto":
                yield SearchRange(name=name, kind=kind, bounds=f"like {entry.get('ValueHint')}")
            else:
                yield _numeric(name, kind, entry)


def _categorical(name: str, values: Any) -> SearchRange:
    if not isinstance(values, list):
        return SearchRange(name=name, kind="categorical", bounds=str(values), size=unknown(values, f"{name} values"))
    texts = [str(value) for value in values]
    shown = texts[:_MOST_VALUES_SHOWN] + ([f"… ({len(texts)} values)"] if len(texts) > _MOST_VALUES_SHOWN else [])
    return SearchRange(name=name, kind="categorical", bounds=", ".join(shown), size=len(values))


def _numeric(name: str, kind: str, entry: Mapping[str, Any]) -> SearchRange:
    low, high, scaling = entry.get("MinValue"), entry.get("MaxValue"), entry.get("ScalingType")
    minimum, maximum = (number(bound) if isinstance(bound, str) else None for bound in (low, high))
    size: Amount | None = None
    if kind == "integer":
        size = unknown(low if isinstance(low, Intrinsic) else high, f"a bound of {name}")
        if minimum is not None and maximum is not None:
            size = max(0, math.floor(maximum) - math.ceil(minimum) + 1)
    words = {"Linear": "linear", "Logarithmic": "logarithmic", "ReverseLogarithmic": "reverse logarithmic"}
    return SearchRange(
        name=name,
        kind=kind,
        bounds=f"{low} to {high}",
        scaling=str(scaling) if isinstance(scaling, Intrinsic) else words.get(str(scaling)),
        decades=_decades(minimum, maximum, scaling),
        size=size,
    )


def _decades(low: float | None, high: float | None, scaling: Any) -> float | None:
    if low is None or high is None:
        return None
    if scaling == "Logarithmic" and 0 < low < high:
        return math.log10(high / low)
    if scaling == "ReverseLogarithmic" and 0 <= low < high < 1:
        return math.log10((1 - low) / (1 - high))
    return None
