"""Rules S1 to S4: what each search strategy asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ._limits import search_space
from ._registry import Finding, rule, warning
from .view import HYPERBAND_RESOURCES, config, definitions, known_number, limits, mapping

MOST_RESOURCE = 20_000
_HYPERBAND = "strategy_config.hyperband_strategy_config"


@rule("S1")
def grid(request: Mapping[str, Any]) -> Iterator[Finding]:
    """A grid search tries each combination of categorical values exactly once."""
    if config(request).get("Strategy") != "Grid":
        return
    total = 0.0
    for definition in definitions(request):
        for entry in definition.ranges():
            if entry.kind != "categorical":
                text = f"a grid search takes categorical ranges only, got a range of kind {entry.kind}"
                yield Finding("S1", entry.prop, text)
        total += search_space(definition)
    most = known_number(limits(request).get("MaxNumberOfTrainingJobs"))
    if most is not None and 0 < total < math.inf and most != total:
        text = f"a grid search runs each of its {total:.0f} combinations once: give {total:.0f} or nothing, got {most}"
        yield Finding("S1", "resource_limits.max_number_of_training_jobs", text)


@rule("S2")
def hyperband(request: Mapping[str, Any]) -> Iterator[Finding]:
    """Hyperband stops training jobs itself and needs to know how much each may use."""
    if config(request).get("Strategy") != "Hyperband":
        return
    if config(request).get("TrainingJobEarlyStoppingType") == "Auto":
        text = "Hyperband stops training jobs itself: it must be EarlyStoppingType.OFF, got Auto"
        yield Finding("S2", "training_job_early_stopping_type", text)
    settings = mapping(mapping(config(request).get("StrategyConfig")).get("HyperbandStrategyConfig"))
    least, most = settings.get("MinResource"), settings.get("MaxResource")
    if most is None and not all(_has_epochs(definition.static) for definition in definitions(request)):
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
def idle_config(request: Mapping[str, Any]) -> Iterator[Finding]:
    """The service accepts a Hyperband configuration with another strategy and ignores it."""
    strategy = config(request).get("Strategy")
    given = mapping(config(request).get("StrategyConfig")).get("HyperbandStrategyConfig")
    if given is not None and isinstance(strategy, str) and strategy != "Hyperband":
        yield warning("S3", _HYPERBAND, f"is ignored unless the strategy is Hyperband, got {strategy}")


@rule("S4")
def objective_needed(request: Mapping[str, Any]) -> Iterator[Finding]:
    """What compares training jobs needs an objective; early stopping needs a single definition."""
    settings = config(request)
    stops = settings.get("TrainingJobEarlyStoppingType") == "Auto"
    criteria = mapping(settings.get("TuningJobCompletionCriteria"))
    reasons = {
        "the strategy Bayesian": settings.get("Strategy") == "Bayesian",
        "the strategy Hyperband": settings.get("Strategy") == "Hyperband",
        "early stopping": stops,
        "a target value": "TargetObjectiveMetricValue" in criteria,
        "stopping when nothing improves": "BestObjectiveNotImproving" in criteria,
        "a warm start": "WarmStartConfig" in request,
    }
    why = [reason for reason, holds in reasons.items() if holds]
    for definition in definitions(request):
        if why and definition.objective is None:
            yield Finding("S4", f"{definition.owner}objective", f"must be given for {why[0]}, got none")
    if stops and request.get("TrainingJobDefinitions") is not None:
        text = "early stopping is for a single training_job_definition, got training_job_definitions"
        yield Finding("S4", "training_job_early_stopping_type", text)
