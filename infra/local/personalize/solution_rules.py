"""What CreateSolution checks, and what a solution comes to: fixed values, ranges and limits.

Facts: developer guide, "Hyperparameters and HPO", CreateSolution and the recipes' pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.container import ClientError
from infra.handlers.recipes import (
    MAX_NUMBER_OF_TRAINING_JOBS,
    MAX_PARALLEL_TRAINING_JOBS,
    RECIPES,
    Hyperparameter,
    Recipe,
    recipe_of_arn,
)
from infra.recommender.hyperparameters import PROGRAMS, Settings

from .errors import invalid, not_found

Request = dict[str, Any]

DEFAULT_JOBS = 8
DEFAULT_PARALLEL_JOBS = 2
"""Where `hpoResourceConfig` says nothing; the service's own numbers are not published."""

AUTO_ML_RECIPES = ("aws-hrnn", "aws-user-personalization", "aws-popularity-count")
"""What AutoML chooses from where `recipeList` says nothing."""

_MEMBERS = {
    "Integer": "integerHyperParameterRanges",
    "Continuous": "continuousHyperParameterRanges",
    "Categorical": "categoricalHyperParameterRanges",
}


@dataclass(frozen=True)
class Plan:
    """What a solution version has to train.

    Attributes:
        recipes: one, or with AutoML several to choose from.
        fixed: hyperparameters that are given, by name.
        ranges: those that are searched, as SageMaker's ParameterRanges; None without optimization.
        jobs: training jobs at most.
        parallel: of them at the same time.
    """

    recipes: tuple[Recipe, ...]
    fixed: dict[str, str]
    ranges: dict[str, list[Request]] | None = None
    jobs: int = 1
    parallel: int = 1


def plan_of(request: Request) -> Plan:
    """What a CreateSolution request asks for.

    Raises:
        ServiceError: The first rule that it breaks.
    """
    config = request.get("solutionConfig", {})
    if request.get("performAutoML", False):
        # All of solutionConfig but autoMLConfig is ignored then, as the guide says.
        return Plan(_auto_ml_recipes(config.get("autoMLConfig", {})), {})
    recipe = _recipe(request)
    fixed = {**config.get("algorithmHyperParameters", {}), **config.get("featureTransformationParameters", {})}
    _check_fixed(recipe, config)
    if not request.get("performHPO", False):
        return Plan((recipe,), fixed)
    hpo = config.get("hpoConfig", {})
    ranges = _ranges(recipe, hpo.get("algorithmHyperParameterRanges", {}), fixed)
    jobs, parallel = _limits(hpo.get("hpoResourceConfig", {}))
    return Plan((recipe,), fixed, ranges, jobs, parallel)


def default_ranges(recipe: Recipe) -> Request:
    """The ranges of a recipe in Personalize's own shapes, as DescribeAlgorithm has them."""
    ranges: Request = {}
    for h in recipe.hyperparameters:
        entry: Request = {"name": h.name, "isTunable": h.tunable}
        if h.type == "Categorical":
            entry["values"] = list(h.values)
        elif h.min is None or h.max is None:
            continue
        else:
            number = int if h.type == "Integer" else float
            entry |= {"minValue": number(h.min), "maxValue": number(h.max)}
        ranges.setdefault(_MEMBERS[h.type], []).append(entry)
    return ranges


def _auto_ml_recipes(config: Request) -> tuple[Recipe, ...]:
    arns = config.get("recipeList", [RECIPES[name].arn for name in AUTO_ML_RECIPES])
    recipes = tuple(_known(arn) for arn in arns)
    if not recipes:
        raise invalid("recipeList must have at least one recipe.")
    return recipes


def _recipe(request: Request) -> Recipe:
    if "recipeArn" not in request:
        raise invalid("recipeArn is required when performAutoML is false.")
    return _known(request["recipeArn"])


def _known(arn: str) -> Recipe:
    recipe = recipe_of_arn(arn)
    if recipe is None:
        raise not_found(arn)
    if recipe.name not in PROGRAMS:
        raise invalid(f"The local Personalize trains {', '.join(PROGRAMS)}; it has no program for {recipe.name}.")
    return recipe


def _check_fixed(recipe: Recipe, config: Request) -> None:
    for member, known in (
        ("algorithmHyperParameters", recipe.algorithm_hyperparameters),
        ("featureTransformationParameters", recipe.featurization_hyperparameters),
    ):
        names = [h.name for h in known]
        for name in config.get(member, {}):
            if name not in names:
                has = f"it has {', '.join(names)}" if names else "it has none"
                raise invalid(f"{recipe.name} has no {name} in {member}; {has}.")
    given = {**config.get("algorithmHyperParameters", {}), **config.get("featureTransformationParameters", {})}
    try:
        Settings.parse({"recipe": recipe.name, **given})
    except ClientError as error:
        raise invalid(f"{error}.") from None
    threshold = config.get("eventValueThreshold")
    if threshold is not None and not _is_number(threshold):
        raise invalid(f"eventValueThreshold must be a number, got {threshold}.")


def _ranges(recipe: Recipe, given: Request, fixed: dict[str, str]) -> dict[str, list[Request]]:
    """SageMaker's ParameterRanges of the request's, or of all that the recipe tunes where it has none."""
    if not any(given.values()):
        given = default_ranges(recipe)
        given = {
            member: [e for e in entries if e["isTunable"] and e["name"] not in fixed]
            for member, entries in given.items()
        }
    seen: set[str] = set()
    result: dict[str, list[Request]] = {}
    for kind, member in _MEMBERS.items():
        for entry in given.get(member, []):
            name = entry.get("name", "")
            _check_range(recipe, kind, entry)
            if name in fixed or name in seen:
                raise invalid(f"A hyperparameter has one value or one range, got two for {name}.")
            seen.add(name)
            result.setdefault(f"{kind}ParameterRanges", []).append(_sagemaker_range(entry))
    if not seen:
        raise invalid(f"{recipe.name} has no hyperparameter left to tune; set performHPO to false.")
    return result


def _check_range(recipe: Recipe, kind: str, entry: Request) -> None:
    name = entry.get("name", "")
    tunable = {h.name: h for h in recipe.tunable}
    if name not in tunable:
        has = f"it tunes {', '.join(tunable)}" if tunable else "it tunes none"
        raise invalid(f"{recipe.name} does not tune {name}; {has}.")
    hyperparameter: Hyperparameter = tunable[name]
    if hyperparameter.type != kind:
        raise invalid(f"{name} needs a range in {_MEMBERS[hyperparameter.type]}, got one in {_MEMBERS[kind]}.")
    if kind == "Categorical":
        _check_values(hyperparameter, entry.get("values", []))
        return
    if "minValue" not in entry or "maxValue" not in entry:
        raise invalid(f"The range of {name} needs minValue and maxValue.")
    if entry["minValue"] >= entry["maxValue"]:
        raise invalid(f"minValue must be below maxValue for {name}, got {entry['minValue']} and {entry['maxValue']}.")
    least = 0 if hyperparameter.min == 0 else 1
    if entry["minValue"] < least:
        raise invalid(f"minValue must be at least {least} for {name}, got {entry['minValue']}.")


def _check_values(hyperparameter: Hyperparameter, values: list[str]) -> None:
    if not values or len(set(values)) < len(values):
        raise invalid(f"The values of {hyperparameter.name} must be distinct and at least one, got {values}.")
    allowed = {v.lower() for v in hyperparameter.values}
    for value in values:
        if value.lower() not in allowed:
            raise invalid(f"{hyperparameter.name} must be one of {', '.join(hyperparameter.values)}, got {value}.")


def _sagemaker_range(entry: Request) -> Request:
    if "values" in entry:
        return {"Name": entry["name"], "Values": list(entry["values"])}
    return {"Name": entry["name"], "MinValue": _text(entry["minValue"]), "MaxValue": _text(entry["maxValue"])}


def _limits(config: Request) -> tuple[int, int]:
    jobs = _limit(config, "maxNumberOfTrainingJobs", DEFAULT_JOBS, MAX_NUMBER_OF_TRAINING_JOBS)
    parallel = _limit(config, "maxParallelTrainingJobs", min(jobs, DEFAULT_PARALLEL_JOBS), MAX_PARALLEL_TRAINING_JOBS)
    if parallel > jobs:
        raise invalid(f"maxParallelTrainingJobs must be at most maxNumberOfTrainingJobs, got {parallel} and {jobs}.")
    return jobs, parallel


def _limit(config: Request, member: str, default: int, most: int) -> int:
    text = config.get(member)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= most):
        raise invalid(f"{member} must be a whole number between 1 and {most}, got {text}.")
    return int(text)


def _text(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(float(value))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
