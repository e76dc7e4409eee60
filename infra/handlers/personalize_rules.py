"""Rules that a CreateSolution request must keep, checked at synth with what the recipes know of themselves.

Values that are known at deployment only stand as `UNRESOLVED` and are skipped. What the service ignores or retires is
a warning; what it refuses is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .model import RequestModel
from .personalize_contract import SOLUTION
from .recipes import (
    MAX_NUMBER_OF_TRAINING_JOBS,
    MAX_PARALLEL_TRAINING_JOBS,
    Hyperparameter,
    Recipe,
    recipe_of_arn,
)
from .rules import UNRESOLVED, Finding, Severity, misfits, public_name, warning

_KINDS = {
    "integerHyperParameterRanges": ("Integer", "an integer"),
    "continuousHyperParameterRanges": ("Continuous", "a continuous"),
    "categoricalHyperParameterRanges": ("Categorical", "a categorical"),
}
_WORDS = dict(_KINDS.values())

Request = Mapping[str, Any]


_BROKEN = ("must be a structure", "must be a list", "must be a map")
MODEL = RequestModel("personalize", SOLUTION.create)
"""The shape of CreateSolution's request."""


def check_solution(request: Request) -> Iterator[Finding]:
    """Every finding, errors and warnings, of a request whose name and dataset group may be missing."""
    ill_typed = list(check_model(request))
    if any(
        finding.text.startswith(("must be a structure", "must be a list", "must be a map")) for finding in ill_typed
    ):
        yield from ill_typed
        return
    found = list(_check(request))
    yield from found
    # A numbered rule says it better.
    named = [finding.prop for finding in found if finding.severity is Severity.ERROR]
    yield from (finding for finding in ill_typed if not any(finding.prop.startswith(prop) for prop in named))


def check_model(request: Request) -> Iterator[Finding]:
    """Types, lengths, bounds, patterns and closed choices as in the service's model."""
    whole = {SOLUTION.name: UNRESOLVED, "datasetGroupArn": UNRESOLVED, **request}
    for path, text in misfits(whole, MODEL):
        yield Finding("P11", public_name(path, request), text)


def _check(request: Request) -> Iterator[Finding]:
    config = request.get("solutionConfig", {})
    hpo = config.get("hpoConfig")
    yield from _auto_ml(request, config)
    yield from _hpo_switch(request, hpo)
    recipe = recipe_of_arn(request["recipeArn"]) if isinstance(request.get("recipeArn"), str) else None
    yield from _recipe(request, recipe)
    if recipe is not None:
        yield from _fixed(recipe, config)
        yield from _ranges(recipe, {} if hpo is None else hpo.get("algorithmHyperParameterRanges", {}), config)
    yield from _limits({} if hpo is None else hpo.get("hpoResourceConfig", {}))


def _auto_ml(request: Request, config: Request) -> Iterator[Finding]:
    auto = request.get("performAutoML", False) is True
    if auto:
        ignored = [name for name in config if name != "autoMLConfig"]
        if ignored:
            yield warning("P1", "perform_auto_ml", f"the service ignores {', '.join(sorted(ignored))} beside it")
        if "recipeArn" in request:
            yield warning("P1", "perform_auto_ml", "the service chooses the recipe itself: leave out recipe")
    elif "recipeArn" not in request:
        yield Finding("P1", "recipe", "must be given unless perform_auto_ml is true")


def _hpo_switch(request: Request, hpo: Request | None) -> Iterator[Finding]:
    if hpo is not None and request.get("performHPO", False) is False:
        yield Finding("P2", "perform_hpo", "must be true for hpo_config to count, got False")


def _recipe(request: Request, recipe: Recipe | None) -> Iterator[Finding]:
    arn = request.get("recipeArn")
    if recipe is None and isinstance(arn, str) and arn.startswith("arn:aws:personalize:::recipe/"):
        yield warning("P3", "recipe", f"is not known to this library, got {arn}: its hyperparameters are not checked")
    if recipe is not None and recipe.legacy:
        text = f"{recipe.name} is a legacy recipe: AWS takes no new solutions of it, the local AWS trains it"
        yield warning("P3", "recipe", text)


def _fixed(recipe: Recipe, config: Request) -> Iterator[Finding]:
    for member, prop, known in (
        ("algorithmHyperParameters", "algorithm_hyper_parameters", recipe.algorithm_hyperparameters),
        (
            "featureTransformationParameters",
            "feature_transformation_parameters",
            recipe.featurization_hyperparameters,
        ),
    ):
        by_name = {h.name: h for h in known}
        given = config.get(member, {})
        if not isinstance(given, Mapping):
            continue
        for name, value in given.items():
            if name not in by_name:
                yield Finding("P4", f'{prop}["{name}"]', f"is none of {recipe.name}, which has {_names(by_name)}")
            elif value is not UNRESOLVED:
                yield from _value(f'{prop}["{name}"]', by_name[name], value)


def _value(prop: str, h: Hyperparameter, value: str) -> Iterator[Finding]:
    if h.type == "Categorical":
        if value.lower() not in {v.lower() for v in h.values}:
            yield Finding("P4", prop, f"must be one of {', '.join(h.values)}, got {value!r}")
        return
    try:
        number = int(value) if h.type == "Integer" else float(value)
    except ValueError:
        what = "a whole number" if h.type == "Integer" else "a number"
        yield Finding("P4", prop, f"must be {what}, got {value!r}")
        return
    if not _inside(h, number, number):
        yield warning("P5", prop, f"is outside the documented range {_range(h)} of {h.name}, got {value}")


def _ranges(recipe: Recipe, ranges: Request, config: Request) -> Iterator[Finding]:
    tunable = {h.name: h for h in recipe.tunable}
    fixed = config.get("algorithmHyperParameters", {})
    seen: set[str] = set()
    for member, (kind, _) in _KINDS.items():
        for entry in ranges.get(member, []):
            name = entry.get("name")
            if name is UNRESOLVED:
                continue
            prop = f'hpo_config.ranges["{name}"]'
            if name in seen:
                yield Finding("P6", prop, "must be given once")
            seen.add(name)
            if isinstance(fixed, Mapping) and name in fixed:
                yield Finding("P6", prop, "has a value in algorithm_hyper_parameters too: give one of both")
            if name not in tunable:
                yield Finding("P7", prop, f"is not tuned by {recipe.name}, which tunes {_names(tunable)}")
            elif tunable[name].type != kind:
                h = tunable[name]
                yield Finding("P7", prop, f"must be {_WORDS[h.type]} range, got {_WORDS[kind]} one")
            else:
                yield from _bounds(prop, tunable[name], entry)


def _bounds(prop: str, h: Hyperparameter, entry: Request) -> Iterator[Finding]:
    if h.type == "Categorical":
        values = entry.get("values", [])
        for value in [] if values is UNRESOLVED else values:
            if value is not UNRESOLVED and value.lower() not in {v.lower() for v in h.values}:
                yield Finding("P8", prop, f"must have values of {', '.join(h.values)}, got {value!r}")
        return
    low, high = entry.get("minValue"), entry.get("maxValue")
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return
    if h.type == "Integer" and not (float(low).is_integer() and float(high).is_integer()):
        yield Finding("P8", prop, f"must have whole numbers as min and max, got {low} and {high}")
    elif low >= high:
        yield Finding("P8", prop, f"must have min below max, got {low} and {high}")
    elif not _inside(h, low, high):
        yield warning("P5", prop, f"leaves the documented range {_range(h)}, got {low} to {high}")


def _limits(limits: Request) -> Iterator[Finding]:
    numbers = {}
    for member, prop, most in (
        ("maxNumberOfTrainingJobs", "max_number_of_training_jobs", MAX_NUMBER_OF_TRAINING_JOBS),
        ("maxParallelTrainingJobs", "max_parallel_training_jobs", MAX_PARALLEL_TRAINING_JOBS),
    ):
        text = limits.get(member)
        if text is None or text is UNRESOLVED:
            continue
        if text.isdecimal() and 1 <= int(text) <= most:
            numbers[member] = int(text)
        else:
            where = f"hpo_config.resource_limits.{prop}"
            yield Finding("P9", where, f"must be a whole number between 1 and {most}, got {text}")
    if len(numbers) == 2 and numbers["maxParallelTrainingJobs"] > numbers["maxNumberOfTrainingJobs"]:
        yield Finding(
            "P9",
            "hpo_config.resource_limits.max_parallel_training_jobs",
            f"must be at most max_number_of_training_jobs, got {numbers['maxParallelTrainingJobs']} "
            f"and {numbers['maxNumberOfTrainingJobs']}",
        )


def _inside(h: Hyperparameter, low: float, high: float) -> bool:
    return (h.min is None or low >= h.min) and (h.max is None or high <= h.max)


def _range(h: Hyperparameter) -> str:
    low, high = ("-" if bound is None else f"{bound:g}" for bound in (h.min, h.max))
    return f"{low} to {high}"


def _names(known: Mapping[str, Any]) -> str:
    return ", ".join(known) if known else "none"
