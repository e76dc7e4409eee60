"""Ranges on the unit interval, each on its own scale."""

from __future__ import annotations

import math

from .space import LOGARITHMIC, REVERSE, CategoricalRange, IntegerRange, Range, Value


def from_unit(r: Range, share: float) -> Value:
    """The value with that share of the range below it.

    Whole numbers and choices have equal parts of the interval on their scale; choices that are numbers follow each
    other in their order.
    """
    if isinstance(r, CategoricalRange):
        choices = r.ordered or r.choices
        return choices[min(int(share * len(choices)), len(choices) - 1)]
    if isinstance(r, IntegerRange):
        return min(max(round(_between(r.low - 0.5, r.high + 0.5, r.scaling, share)), r.low), r.high)
    return min(max(_between(r.low, r.high, r.scaling, share), r.low), r.high)


def to_unit(r: Range, value: Value) -> float:
    """Where a value lies on the unit interval: the middle of its part for whole numbers and choices."""
    if isinstance(r, CategoricalRange):
        choices = r.ordered or r.choices
        return (choices.index(str(value)) + 0.5) / len(choices)
    half = 0.5 if isinstance(r, IntegerRange) else 0.0
    start, end = _scaled(r.low - half, r.scaling), _scaled(r.high + half, r.scaling)
    return 0.5 if start == end else min(max((_scaled(float(value), r.scaling) - start) / (end - start), 0.0), 1.0)


def _between(low: float, high: float, scaling: str, share: float) -> float:
    start, end = _scaled(low, scaling), _scaled(high, scaling)
    there = start + share * (end - start)
    if scaling == LOGARITHMIC:
        return math.exp(there)
    return -math.expm1(-there) if scaling == REVERSE else there


def _scaled(value: float, scaling: str) -> float:
    if scaling == LOGARITHMIC:
        return math.log(value)
    return -math.log1p(-value) if scaling == REVERSE else value
