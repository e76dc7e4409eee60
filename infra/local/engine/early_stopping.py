"""Which running jobs are stopped: the median rule of SageMaker (early stopping of type Auto), and Hyperband."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, median

from .records import TERMINAL, Definition, TrainingJob, TuningJob
from .store import Store
from .strategies import HyperbandJudge, Resources

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


def stops_early(job: TuningJob) -> bool:
    """Whether early stopping of type Auto is on: asked for, or by Autotune where nothing is said."""
    default = "Auto" if job.autotune and len(job.definitions) == 1 else "Off"
    return bool(job.config.get("TrainingJobEarlyStoppingType", default) == "Auto")


class HyperbandWatcher:
    """Tells a Hyperband judge what a definition's training jobs have emitted. Begun anew, it reads all from the record.

    Args:
        job: The tuning job.
        definition: One of its definitions.
    """

    def __init__(self, job: TuningJob, definition: Definition) -> None:
        resources = Resources.of(job.config, definition.static)
        self._judge = HyperbandJudge(resources, seed=job.seed, maximize=definition.maximize)
        self._metric = definition.metric
        self._seen: dict[str, int] = {}
        self._ended: set[str] = set()

    def to_stop(self, training_jobs: Sequence[TrainingJob], store: Store) -> list[TrainingJob]:
        """The running ones among a definition's training jobs that are to be stopped now."""
        news: list[tuple[float, int, int, float]] = []
        for place, t in enumerate(training_jobs, start=1):
            if t.name not in self._ended:
                values = [v for v in store.metric_values(t.name, self._metric) if math.isfinite(v.value)]
                news += [(v.time, place, v.offset, v.value) for v in values[self._seen.get(t.name, 0) :]]
                self._seen[t.name] = max(len(values), self._seen.get(t.name, 0))
                if t.status in TERMINAL:
                    self._ended.add(t.name)
        stopped = {place for _, place, _, value in sorted(news) if self._judge.stops(place, value)}
        return [t for place, t in enumerate(training_jobs, start=1) if place in stopped and t.status == "InProgress"]
