"""The plan of a Personalize solution: what its version searches, and what is known of the most that it can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from infra.handlers.numbers import exact
from infra.handlers.recipes import (
    MAX_NUMBER_OF_TRAINING_JOBS,
    MAX_PARALLEL_TRAINING_JOBS,
    Hyperparameter,
    Recipe,
    recipe_of_arn,
)
from infra.review.amounts import Amount, Unknown, entries, section, unknown
from infra.review.bounds import Bounds
from infra.review.request import Intrinsic
from infra.review.space import SearchSpace, search_space

_KINDS: Final = {
    "Integer": ("integerHyperParameterRanges", "IntegerParameterRanges"),
    "Continuous": ("continuousHyperParameterRanges", "ContinuousParameterRanges"),
    "Categorical": ("categoricalHyperParameterRanges", "CategoricalParameterRanges"),
}
_NO_LIMIT: Final = "Personalize has no limit of"


def solution_bounds(request: Mapping[str, Any]) -> Bounds:
    """The most that one version can use: the service limits the number of its training jobs, and nothing else."""
    return Bounds(
        training_jobs=_training_jobs(request),
        instance_hours=Unknown(f"{_NO_LIMIT} training hours"),
        cost=Unknown("Personalize bills training hours and has no limit of them"),
    )


def solution_parallel(request: Mapping[str, Any]) -> Amount:
    """How many of its training jobs run at the same time at most."""
    one = _alone(request)
    return one if one is not None else _limit(request, "maxParallelTrainingJobs", MAX_PARALLEL_TRAINING_JOBS)


def solution_strategy(request: Mapping[str, Any]) -> str:
    """The recipe, and who chooses its hyperparameters."""
    if request.get("performAutoML") is True:
        return "AutoML"
    recipe = str(request.get("recipeArn")).rpartition("/")[2]
    optimized = request.get("performHPO", False)
    if optimized is False:
        return f"{recipe}, no search"
    return f"{recipe}, hyperparameter optimization" + ("" if optimized is True else f" {optimized}")


def solution_objective(request: Mapping[str, Any]) -> str:
    """What the best configuration is the best of, as far as the request says."""
    config = section(request, "solutionConfig")
    metric = section(config, "autoMLConfig").get("metricName")
    if request.get("performAutoML") is True and metric is not None:
        return f"maximize {metric}"
    attribute = section(config, "optimizationObjective").get("itemAttribute")
    return "chosen by Personalize" if attribute is None else f"chosen by Personalize, with {attribute}"


def solution_space(request: Mapping[str, Any]) -> SearchSpace:
    """What is searched: the declared ranges, or without any the documented ones of all that the recipe tunes."""
    if request.get("performAutoML") is True:
        return SearchSpace((), Unknown("AutoML chooses the recipe"))
    if request.get("performHPO", False) is False:
        return search_space({})
    ranges = section(request, "solutionConfig", "hpoConfig").get("algorithmHyperParameterRanges")
    if isinstance(ranges, Intrinsic):
        return search_space(ranges)
    if isinstance(ranges, Mapping) and any(ranges.values()):
        return search_space({theirs: _as_ranges(ranges.get(ours)) for ours, theirs in _KINDS.values()})
    recipe = recipe_of_arn(str(request.get("recipeArn")))
    if recipe is None:
        return SearchSpace((), Unknown("the recipe is not known to this library"))
    return search_space(_documented(recipe, section(request, "solutionConfig", "algorithmHyperParameters")))


def _training_jobs(request: Mapping[str, Any]) -> Amount:
    automatic = request.get("performAutoTraining", True)
    if automatic is not False:
        when = f"performAutoTraining is {automatic}" if isinstance(automatic, Intrinsic) else "automatic training is on"
        return Unknown(f"{when}, and trains again by its schedule")
    one = _alone(request)
    return one if one is not None else _limit(request, "maxNumberOfTrainingJobs", MAX_NUMBER_OF_TRAINING_JOBS)


def _alone(request: Mapping[str, Any]) -> Amount | None:
    """The number of training jobs where there is no search with limits of its own."""
    if request.get("performAutoML", False) is not False:
        return Unknown("AutoML chooses what it trains")
    optimized = request.get("performHPO", False)
    if isinstance(optimized, Intrinsic):
        return unknown(optimized, "performHPO")
    return None if optimized else 1


def _limit(request: Mapping[str, Any], member: str, most: int) -> Amount:
    value = section(request, "solutionConfig", "hpoConfig", "hpoResourceConfig").get(member)
    if value is None:
        return most  # the service's own choice is not published, its limit is
    return int(value) if isinstance(value, str) and value.isdecimal() else unknown(value, member)


def _as_ranges(given: Any) -> Any:
    """Personalize's entries in the form of SageMaker's, which write numbers as text."""
    return given if isinstance(given, Intrinsic) else [_as_range(entry) for entry in entries(given)]


def _as_range(entry: Mapping[str, Any]) -> dict[str, Any]:
    names = {"name": "Name", "values": "Values", "minValue": "MinValue", "maxValue": "MaxValue"}
    return {
        names[member]: exact(value) if isinstance(value, int | float) else value
        for member, value in entry.items()
        if member in names
    }


def _documented(recipe: Recipe, fixed: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for h in recipe.tunable:
        if h.name not in fixed:
            found.setdefault(_KINDS[h.type][1], []).append(_documented_range(h))
    return found


def _documented_range(h: Hyperparameter) -> dict[str, Any]:
    if h.type == "Categorical":
        return {"Name": h.name, "Values": list(h.values)}
    low, high = ("unbounded" if bound is None else exact(bound) for bound in (h.min, h.max))
    return {"Name": h.name, "MinValue": low, "MaxValue": high}
