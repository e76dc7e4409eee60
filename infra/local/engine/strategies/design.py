"""The first configurations of a search: spread evenly over the space."""

from __future__ import annotations

from .base import derived_seed
from .scales import from_unit
from .space import Configuration, Space


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
    return {r.name: from_unit(r, float(share)) for r, share in zip(space.ranges, point, strict=True)}
