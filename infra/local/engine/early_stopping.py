"""Early stopping of type Auto: the median rule of SageMaker."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

MINIMUM_EARLIER_JOBS = 3
"""Completed jobs with as many epochs that the median needs. SageMaker publishes no number."""


def should_stop(values: Sequence[float], earlier: Sequence[Sequence[float]], *, maximize: bool) -> bool:
    """Whether a running job is to be stopped after its last epoch.

    It is, if its current value (not its best, not its average) is worse than the median of the earlier jobs' running
    averages up to the same epoch.

    Args:
        values: The running job's objective after each epoch so far.
        earlier: The same for each job that has completed.
        maximize: Whether larger values are better.
    """
    epoch = len(values)
    averages = [fmean(job[:epoch]) for job in earlier if len(job) >= epoch]
    if epoch == 0 or len(averages) < MINIMUM_EARLIER_JOBS:
        return False
    middle = median(averages)
    return values[-1] < middle if maximize else values[-1] > middle
