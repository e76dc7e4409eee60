"""The first configurations of a search: spread evenly over the space."""

from __future__ import annotations

import math

from .base import derived_seed
from .space import LOGARITHMIC, REVERSE, CategoricalRange, Configuration, IntegerRange, Range, Space, Value


def spread(space: Space, *, seed: int, number: int) -> Configuration:
    """A point of a scrambled Sobol sequence, each range on its own scale.

    Any first points of it leave smaller gaps than as many random ones: each half, quarter and so on of each range
    gets its share.

    Args:
        space: The ranges.
        seed: The tuning job's RandomSeed; each has a sequence of its own.
        number: The point's place in the sequence, from 1.
    """
    from scipy.stats import qmc

    if not space.ranges:
        return {}
    sequence = qmc.Sobol(len(space.ranges), rng=derived_seed(seed, 0))
    if number > 1:
        sequence.fast_forward(number - 1)
    (point,) = sequence.random(1)
    return {r.name: _value(r, float(share)) for r, share in zip(space.ranges, point, strict=True)}


def _value(r: Range, share: float) -> Value:
    """The value with that share of the range below it."""
    if isinstance(r, CategoricalRange):
        return r.choices[min(int(share * len(r.choices)), len(r.choices) - 1)]
    if isinstance(r, IntegerRange):
        return min(max(round(_between(r.low - 0.5, r.high + 0.5, r.scaling, share)), r.low), r.high)
    return min(max(_between(r.low, r.high, r.scaling, share), r.low), r.high)


def _between(low: float, high: float, scaling: str, share: float) -> float:
    if scaling == LOGARITHMIC:
        return math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
    if scaling == REVERSE:
        start, end = -math.log1p(-low), -math.log1p(-high)
        return -math.expm1(-(start + share * (end - start)))
    return low + share * (high - low)
