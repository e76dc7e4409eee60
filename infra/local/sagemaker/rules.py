"""What the service checks of a tuning job's request beyond its shape."""

from __future__ import annotations

import re
from typing import Any

from infra.local.engine import TuningEngine
from infra.local.engine.names import OBJECTIVE_HYPERPARAMETER
from infra.local.engine.records import Definition, TuningJob
from infra.local.engine.strategies import Resources, Space
from infra.local.engine.training.images import metric_definitions

from . import messages
from .messages import validation
from .quotas import check_quotas
from .training_rules import check_training
from .warm_start_rules import check_warm_start

Request = dict[str, Any]

MAX_TUNED = 30
MAX_GRID = 750


def check_tuning_job(engine: TuningEngine, request: Request) -> None:
    """Refuse a CreateHyperParameterTuningJob request that the service would refuse, or that cannot run here.

    Raises:
        ServiceError: The first rule that the request breaks.
    """
    config = request["HyperParameterTuningJobConfig"]
    definitions = _definitions(request)
    for definition in definitions:
        _check_ranges(definition.ranges, definition.static)
    _check_limits(config, definitions)
    _check_strategy(config, definitions)
    for definition in definitions:
        _check_objective(engine, definition)
        check_training(engine, definition.request)
    if "WarmStartConfig" in request:
        check_warm_start(engine, request)
    check_quotas(engine, config)


def _definitions(request: Request) -> tuple[Definition, ...]:
    config = request["HyperParameterTuningJobConfig"]
    single, several = request.get("TrainingJobDefinition"), request.get("TrainingJobDefinitions")
    if (single is None) == (several is None):
        raise validation("TrainingJobDefinition is required: exactly one of it and TrainingJobDefinitions.")
    if single is not None:
        if "HyperParameterTuningJobObjective" not in config:
            raise validation("HyperParameterTuningJobObjective is required with a single TrainingJobDefinition.")
    else:
        for member in ("HyperParameterTuningJobObjective", "ParameterRanges"):
            if member in config:
                raise validation(f"{member} is for a single TrainingJobDefinition; each of several has its own.")
        if "WarmStartConfig" in request:
            raise validation("WarmStartConfig is for a single TrainingJobDefinition.")
        _check_names(several or [])
    # Only the request counts for the definitions; the rest of the record comes into being when it has passed.
    return TuningJob("", "", request, 0, "InProgress", 0.0, 0.0).definitions


def _check_names(definitions: list[Request]) -> None:
    names = []
    for definition in definitions:
        for member in ("DefinitionName", "TuningObjective", "HyperParameterRanges"):
            if member not in definition:
                raise validation(f"{member} is required in each of TrainingJobDefinitions.")
        names.append(definition["DefinitionName"])
    if repeated := sorted({n for n in names if names.count(n) > 1}):
        raise validation(f"Definition names must be unique, got {repeated[0]!r} twice.")


def _check_ranges(ranges: Request, static: dict[str, str]) -> None:
    names = [r["Name"] for group in ranges.values() for r in group]
    if not names:
        raise validation("ParameterRanges must have at least one range.")
    if len(names) > MAX_TUNED:
        raise validation(f"At most {MAX_TUNED} hyperparameters can be tuned, got {len(names)}.")
    if repeated := sorted({n for n in names if names.count(n) > 1}):
        raise validation(f"A hyperparameter has one range only, got two for {repeated[0]!r}.")
    if both := sorted(set(names) & {*static, OBJECTIVE_HYPERPARAMETER}):
        raise validation(f"A hyperparameter is either tuned or static, got both for {both[0]!r}.")
    for r in ranges.get("IntegerParameterRanges", []):
        _check_numeric(r, whole=True)
    for r in ranges.get("ContinuousParameterRanges", []):
        _check_numeric(r, whole=False)
    for r in ranges.get("CategoricalParameterRanges", []):
        if len(set(r["Values"])) < len(r["Values"]):
            raise validation(f"The values of {r['Name']!r} must be distinct, got {r['Values']}.")


def _check_numeric(r: Request, *, whole: bool) -> None:
    name, scaling = r["Name"], r.get("ScalingType", "Auto")
    low, high = (_number(r, bound, whole=whole) for bound in ("MinValue", "MaxValue"))
    if low >= high:
        raise validation(f"MinValue must be less than MaxValue for {name!r}, got {r['MinValue']} and {r['MaxValue']}.")
    if scaling == "Logarithmic" and low <= 0:
        raise validation(f"Logarithmic scaling of {name!r} needs MinValue > 0, got {r['MinValue']}.")
    if scaling == "ReverseLogarithmic":
        if whole:
            raise validation(f"ReverseLogarithmic scaling is for continuous ranges only, got the integer {name!r}.")
        if low < 0 or high >= 1:
            raise validation(
                f"ReverseLogarithmic scaling of {name!r} needs 0 <= MinValue and MaxValue < 1, "
                f"got {r['MinValue']} and {r['MaxValue']}."
            )


def _number(r: Request, bound: str, *, whole: bool) -> float:
    text = r[bound]
    pattern = r"[+-]?\d+" if whole else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
    if re.fullmatch(pattern, text, re.ASCII) is None:
        kind = "a whole number" if whole else "a number"
        raise validation(f"{bound} of {r['Name']!r} must be {kind}, got {text!r}.")
    return int(text) if whole else float(text)


def _check_limits(config: Request, definitions: tuple[Definition, ...]) -> None:
    limits = config["ResourceLimits"]
    parallel, jobs = limits["MaxParallelTrainingJobs"], limits.get("MaxNumberOfTrainingJobs")
    if jobs is not None and parallel > jobs:
        raise validation(f"MaxParallelTrainingJobs must be at most MaxNumberOfTrainingJobs, got {parallel} and {jobs}.")
    combinations = sum(Space.of(d.ranges).combinations for d in definitions)
    if config["Strategy"] == "Grid":
        _check_grid(definitions, combinations, jobs)
    elif jobs is not None and combinations < jobs:
        raise messages.too_few_combinations(combinations, jobs)


def _check_grid(definitions: tuple[Definition, ...], combinations: float, jobs: int | None) -> None:
    kinds = {kind for d in definitions for kind, ranges in d.ranges.items() if ranges}
    if kinds - {"CategoricalParameterRanges"}:
        raise validation("Strategy Grid takes categorical ranges only.")
    if combinations > MAX_GRID:
        raise validation(f"Strategy Grid takes at most {MAX_GRID} combinations, got {combinations}.")
    if jobs is not None and jobs != combinations:
        raise validation(
            f"MaxNumberOfTrainingJobs must be absent or {combinations}, the number of combinations, "
            f"with strategy Grid; got {jobs}."
        )


def _check_strategy(config: Request, definitions: tuple[Definition, ...]) -> None:
    stops = config.get("TrainingJobEarlyStoppingType") == "Auto"
    if stops and len(definitions) > 1:
        raise validation("TrainingJobEarlyStoppingType Auto is for a single TrainingJobDefinition.")
    if config["Strategy"] != "Hyperband":
        return
    if stops:
        raise validation("TrainingJobEarlyStoppingType must be Off with strategy Hyperband, which stops jobs itself.")
    for definition in definitions:
        try:
            Resources.of(config, definition.static)
        except ValueError as error:
            raise validation(str(error)) from None


def _check_objective(engine: TuningEngine, definition: Definition) -> None:
    known = metric_definitions(engine.home, definition.request["AlgorithmSpecification"])
    if definition.metric in known:
        return
    if not known:
        raise validation(messages.METRIC_REQUIRED)
    raise validation(
        f"{messages.METRIC_REQUIRED} The objective is {definition.metric!r}, the metrics are "
        f"{', '.join(sorted(known))}."
    )
