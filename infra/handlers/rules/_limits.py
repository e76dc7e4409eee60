"""Rules L1 to L4 and C1: how much a tuning job may run, and when it is done."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..remembered import remembered
from ._registry import UNRESOLVED, Finding, rule, warning
from .view import Definition, Job, known_number, mapping

FIVE_DAYS = 5 * 24 * 3600
_CHECK_QUOTA = "a default quota of the service; ask for more if yours is not higher"


@rule("L1")
def parallel(job: Job) -> Iterator[Finding]:
    """No more training jobs at a time than in all; that both are at least 1 is in the model."""
    at_once = known_number(job.limits.get("MaxParallelTrainingJobs"))
    most = known_number(job.limits.get("MaxNumberOfTrainingJobs"))
    if at_once is not None and most is not None and at_once > most:
        text = f"must not exceed max_number_of_training_jobs, got {at_once} and {most}"
        yield Finding("L1", "resource_limits.max_parallel_training_jobs", text)


@rule("L2")
def quotas(job: Job) -> Iterator[Finding]:
    """Default quotas: 10 training jobs at a time, 750 in all, 10,000 in all for a random search."""
    at_once = known_number(job.limits.get("MaxParallelTrainingJobs"))
    if at_once is not None and at_once > 10:
        most = 100 if at_once > 100 else 10
        text = f"more than {most} is above {_CHECK_QUOTA}, got {at_once}"
        yield warning("L2", "resource_limits.max_parallel_training_jobs", text)
    most_jobs = known_number(job.limits.get("MaxNumberOfTrainingJobs"))
    if most_jobs is None and job.config.get("Strategy") == "Grid" and "MaxNumberOfTrainingJobs" not in job.limits:
        total = sum(map(search_space, job.definitions))
        most_jobs = int(total) if math.isfinite(total) else None
    bound = 10_000 if job.config.get("Strategy") == "Random" else 750
    if most_jobs is not None and most_jobs > bound:
        text = f"more than {bound} is above {_CHECK_QUOTA}, got {most_jobs}"
        yield warning("L2", "resource_limits.max_number_of_training_jobs", text)


@rule("L3")
def runtimes(job: Job) -> Iterator[Finding]:
    """Training jobs of more than five days need a higher quota; the bounds themselves are in the model."""
    for definition in job.definitions:
        seconds = known_number(mapping(definition.request.get("StoppingCondition")).get("MaxRuntimeInSeconds"))
        if seconds is not None and seconds > FIVE_DAYS:
            text = f"more than 5 days is above {_CHECK_QUOTA}, got {seconds} seconds"
            yield warning("L3", f"{definition.at}max_runtime", text)


@rule("L4")
def combinations(job: Job) -> Iterator[Finding]:
    """The service never repeats a configuration, and refuses more training jobs than there are configurations."""
    most = known_number(job.limits.get("MaxNumberOfTrainingJobs"))
    if most is None or job.config.get("Strategy") == "Grid":
        return  # S1 has the rule for a grid
    total = 0.0
    for definition in job.definitions:
        total += search_space(definition)
    if 0 < total < most:
        text = (
            f"must not exceed the {total:.0f} combinations that the ranges have, since none runs twice: "
            f"lower it or widen the ranges, got {most}"
        )
        yield Finding("L4", "resource_limits.max_number_of_training_jobs", text)


@remembered(lambda definition: definition.search_space)
def search_space(definition: Definition) -> float:
    """The number of distinct configurations; infinity if a range is continuous or not known yet, 0 without ranges."""
    sizes = [_size(entry.kind, entry.entry) for entry in definition.ranges]
    return math.prod(sizes) if sizes else 0


def _size(kind: str, entry: Mapping[str, Any]) -> float:
    if kind == "categorical":
        values = entry.get("Values")
        return len(set(map(str, values))) if isinstance(values, list) and UNRESOLVED not in values else math.inf
    if kind != "integer":
        return math.inf
    low, high = known_number(entry.get("MinValue")), known_number(entry.get("MaxValue"))
    return math.inf if low is None or high is None else max(0, math.floor(high) - math.ceil(low) + 1)


@rule("C1")
def completion(job: Job) -> Iterator[Finding]:
    """A target is a finite number; that not improving takes at least 3 training jobs is in the model."""
    criteria = mapping(job.config.get("TuningJobCompletionCriteria"))
    target = known_number(criteria.get("TargetObjectiveMetricValue"))
    if target is not None and not math.isfinite(target):
        prop = "tuning_job_completion_criteria.target_objective_metric_value"
        yield Finding("C1", prop, f"must be a finite number, got {target}")
