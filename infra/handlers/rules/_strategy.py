"""Rules S1 to S4: what each search strategy asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ._limits import search_space
from ._registry import Finding, rule, warning
from .view import HYPERBAND_RESOURCES, Job, known_number, mapping

MOST_RESOURCE = 20_000
_HYPERBAND = "strategy_config.hyperband_strategy_config"


@rule("S1")
def grid(job: Job) -> Iterator[Finding]:
    """A grid search tries each combination of categorical values exactly once."""
    if job.config.get("Strategy") != "Grid":
        return
    total = 0.0
    for definition in job.definitions:
        for entry in definition.ranges:
            if entry.kind != "categorical":
                text = f"a grid search takes categorical ranges only: list the values, got a range of kind {entry.kind}"
                yield Finding("S1", entry.prop, text)
        total += search_space(definition)
    most = known_number(job.limits.get("MaxNumberOfTrainingJobs"))
    if most is not None and 0 < total < math.inf and most != total:
        text = f"a grid search runs each of its {total:.0f} combinations once: give {total:.0f} or nothing, got {most}"
        yield Finding("S1", "resource_limits.max_number_of_training_jobs", text)


@rule("S2")
def hyperband(job: Job) -> Iterator[Finding]:
    """Hyperband stops training jobs itself and needs to know how much each may use."""
    if job.config.get("Strategy") != "Hyperband":
        return
    if job.config.get("TrainingJobEarlyStoppingType") == "Auto":
        text = "Hyperband stops training jobs itself: it must be EarlyStoppingType.OFF, got Auto"
        yield Finding("S2", "training_job_early_stopping_type", text)
    settings = mapping(mapping(job.config.get("StrategyConfig")).get("HyperbandStrategyConfig"))
    least, most = settings.get("MinResource"), settings.get("MaxResource")
    if most is None and not all(_has_epochs(definition.static) for definition in job.definitions):
        names = ", ".join(HYPERBAND_RESOURCES)
        text = f"must be given, or one of {names} as a static hyperparameter of each definition, got neither"
        yield Finding("S2", f"{_HYPERBAND}.max_resource", text)
    low, high = known_number(least), known_number(most)
    if low is not None and high is not None and low > high:
        yield Finding("S2", f"{_HYPERBAND}.min_resource", f"must not exceed max_resource, got {low} and {high}")
    if high is not None and high > MOST_RESOURCE:
        yield Finding("S2", f"{_HYPERBAND}.max_resource", f"must be at most {MOST_RESOURCE}, got {high}")


def _has_epochs(static: Mapping[str, Any]) -> bool:
    return any(name in static for name in HYPERBAND_RESOURCES)


@rule("S3")
def idle_config(job: Job) -> Iterator[Finding]:
    """The service accepts a Hyperband configuration with another strategy and ignores it."""
    strategy = job.config.get("Strategy")
    given = mapping(job.config.get("StrategyConfig")).get("HyperbandStrategyConfig")
    if given is not None and isinstance(strategy, str) and strategy != "Hyperband":
        yield warning(
            "S3", _HYPERBAND, f"is ignored unless strategy is Strategy.HYPERBAND: leave it out, got {strategy}"
        )


@rule("S4")
def objective_needed(job: Job) -> Iterator[Finding]:
    """What compares training jobs needs an objective; early stopping needs a single definition."""
    settings = job.config
    stops = settings.get("TrainingJobEarlyStoppingType") == "Auto"
    criteria = mapping(settings.get("TuningJobCompletionCriteria"))
    reasons = {
        "the strategy Bayesian": settings.get("Strategy") == "Bayesian",
        "the strategy Hyperband": settings.get("Strategy") == "Hyperband",
        "early stopping": stops,
        "a target value": "TargetObjectiveMetricValue" in criteria,
        "stopping when nothing improves": "BestObjectiveNotImproving" in criteria,
        "a warm start": "WarmStartConfig" in job.request,
    }
    why = [reason for reason, holds in reasons.items() if holds]
    for definition in job.definitions:
        if why and definition.objective is None:
            yield Finding("S4", f"{definition.owner}objective", f"must be given for {why[0]}, got none")
    if stops and job.request.get("TrainingJobDefinitions") is not None:
        text = "early stopping is for a single training_job_definition, got training_job_definitions"
        yield Finding("S4", "training_job_early_stopping_type", text)
