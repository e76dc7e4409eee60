"""A strategy that makes valid CreateSolution requests over every member of the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from infra.handlers.recipes import RECIPES, Hyperparameter, Recipe

Draw = Callable[[st.SearchStrategy[Any]], Any]

_MEMBERS = {
    "Integer": "integerHyperParameterRanges",
    "Continuous": "continuousHyperParameterRanges",
    "Categorical": "categoricalHyperParameterRanges",
}
_SENSITIVITY = st.sampled_from(["LOW", "MEDIUM", "HIGH", "OFF"])


def _low(h: Hyperparameter) -> float:
    return 0.0 if h.min is None else h.min


def _high(h: Hyperparameter) -> float:
    return _low(h) + 100.0 if h.max is None else h.max


def _values(h: Hyperparameter) -> st.SearchStrategy[str]:
    """Values of the documented range, as the API's strings."""
    if h.type == "Categorical":
        return st.sampled_from(h.values)
    if h.type == "Integer":
        return st.integers(int(_low(h)), int(_high(h))).map(str)
    return st.floats(_low(h), _high(h)).map(repr)


def _range(draw: Draw, h: Hyperparameter) -> dict[str, Any]:
    if h.type == "Categorical":
        values = draw(st.lists(st.sampled_from(h.values), min_size=1, max_size=len(h.values), unique=True))
        return {"name": h.name, "values": values}
    numbers = st.integers(int(_low(h)), int(_high(h))) if h.type == "Integer" else st.floats(_low(h), _high(h))
    low, high = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
    return {"name": h.name, "minValue": low, "maxValue": high}


def _some(draw: Draw, known: tuple[Hyperparameter, ...]) -> list[Hyperparameter]:
    return [h for h in known if draw(st.booleans())]


def _hpo(draw: Draw, free: list[Hyperparameter]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    ranges: dict[str, Any] = {}
    for h in free:
        if draw(st.booleans()):
            ranges.setdefault(_MEMBERS[h.type], []).append(_range(draw, h))
    if ranges or draw(st.booleans()):
        config["algorithmHyperParameterRanges"] = ranges
    if draw(st.booleans()):
        parallel = draw(st.integers(1, 10))
        config["hpoResourceConfig"] = {"maxParallelTrainingJobs": str(parallel)}
        if draw(st.booleans()):
            config["hpoResourceConfig"]["maxNumberOfTrainingJobs"] = str(draw(st.integers(parallel, 40)))
    if draw(st.booleans()):
        config["hpoObjective"] = {"type": "Maximize", "metricName": "ndcg", "metricRegex": "ndcg=(.*)"}
    return config


def _extras(draw: Draw) -> dict[str, Any]:
    every = {
        "eventValueThreshold": st.floats(0, 10).map(repr),
        "optimizationObjective": st.fixed_dictionaries(
            {"itemAttribute": st.just("PRICE"), "objectiveSensitivity": _SENSITIVITY}
        ),
        "eventsConfig": st.just(
            {"eventParametersList": [{"eventType": "watch", "eventValueThreshold": 0.25, "weight": 0.0}]}
        ),
        "trainingDataConfig": st.just({"excludedDatasetColumns": {"ITEMS": ["GENRE"]}}),
        "autoTrainingConfig": st.just({"schedulingExpression": "rate(7 days)"}),
    }
    return {name: draw(values) for name, values in every.items() if draw(st.booleans())}


@st.composite
def valid_solutions(draw: Draw) -> dict[str, Any]:
    """Requests that the model and the rules accept, without name and dataset group; False and zeros among them."""
    recipe: Recipe = draw(st.sampled_from(list(RECIPES.values())))
    config = _extras(draw)
    fixed = _some(draw, recipe.algorithm_hyperparameters)
    if fixed or draw(st.booleans()):
        config["algorithmHyperParameters"] = {h.name: draw(_values(h)) for h in fixed}
    featurization = _some(draw, recipe.featurization_hyperparameters)
    if featurization:
        config["featureTransformationParameters"] = {h.name: draw(_values(h)) for h in featurization}
    request: dict[str, Any] = {"recipeArn": recipe.arn}
    optimized = draw(st.sampled_from([None, False, True]))
    if optimized is not None:
        request["performHPO"] = optimized
    if optimized and draw(st.booleans()):
        config["hpoConfig"] = _hpo(draw, [h for h in recipe.tunable if h not in fixed])
    for switch in ("performAutoTraining", "performIncrementalUpdate"):
        if draw(st.booleans()):
            request[switch] = draw(st.booleans())
    if draw(st.booleans()):
        request["performAutoML"] = False
    if draw(st.booleans()):
        request["eventType"] = "watch"
    if config or draw(st.booleans()):
        request["solutionConfig"] = config
    return request
