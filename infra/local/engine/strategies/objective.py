"""Objective values as the surrogate sees them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median


def tempered(values: Sequence[float], *, maximize: bool) -> list[float]:
    """The values with those that are worse than the median drawn towards it.

    What is far from the best says little about where the best lies, but a few hopeless jobs, whose loss has exploded,
    say, take up nearly all of the variance that a Gaussian process explains. So from the median on the distance counts
    logarithmically, in units of the distance between the median and the best; the better half stays as it is. The order
    is kept, and shifting or stretching all values shifts and stretches the result.

    Args:
        values: Finite objective values.
        maximize: Whether larger ones are better.

    Returns:
        As many values, in the same order.
    """
    sign = 1.0 if maximize else -1.0
    middle = median(values)
    unit = sign * ((max(values) if maximize else min(values)) - middle)
    if unit <= 0:
        return list(values)
    return [
        middle - sign * unit * math.log1p(worse / unit) if (worse := sign * (middle - v)) > 0 else v for v in values
    ]
