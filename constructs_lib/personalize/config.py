"""A solution's configuration in Personalize's own shapes: numbers where it wants numbers, limits as strings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib._fields import TEXT_MAP, Codec, member, part, text
from constructs_lib._tokens import is_unresolved
from constructs_lib.limits import ResourceLimits
from constructs_lib.personalize.recipe import PersonalizeRecipe
from constructs_lib.ranges import CategoricalRange, ContinuousRange, IntegerRange

SolutionRange = IntegerRange | ContinuousRange | CategoricalRange

_MEMBERS = {
    IntegerRange: "integerHyperParameterRanges",
    ContinuousRange: "continuousHyperParameterRanges",
    CategoricalRange: "categoricalHyperParameterRanges",
}


def _encode_ranges(ranges: Sequence[SolutionRange]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for each in ranges:
        entry: dict[str, Any] = {"name": each.name}
        if isinstance(each, CategoricalRange):
            entry["values"] = [text(value) for value in each.values]
        else:
            entry |= {"minValue": _number(each.min), "maxValue": _number(each.max)}
        result.setdefault(_MEMBERS[type(each)], []).append(entry)
    return result


def _number(value: float | str) -> Any:
    """The API has numbers here, not strings; whole ones without a point."""
    if is_unresolved(value):
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def _decode_ranges(structure: Mapping[str, Any]) -> list[SolutionRange]:
    ranges: list[SolutionRange] = []
    for kind in (IntegerRange, ContinuousRange):
        for entry in structure.get(_MEMBERS[kind], []):
            ranges.append(kind(entry["name"], min=entry["minValue"], max=entry["maxValue"]))
    for entry in structure.get(_MEMBERS[CategoricalRange], []):
        ranges.append(CategoricalRange(entry["name"], values=entry["values"]))
    return ranges


def _encode_limits(limits: ResourceLimits) -> dict[str, str]:
    result = {"maxParallelTrainingJobs": text(limits.max_parallel_training_jobs)}
    if limits.max_number_of_training_jobs is not None:
        result["maxNumberOfTrainingJobs"] = text(limits.max_number_of_training_jobs)
    return result


def _decode_limits(structure: Mapping[str, str]) -> ResourceLimits:
    most = structure.get("maxNumberOfTrainingJobs")
    return ResourceLimits(
        max_parallel_training_jobs=int(structure["maxParallelTrainingJobs"]),
        max_number_of_training_jobs=None if most is None else int(most),
    )


RECIPE = Codec(lambda recipe: recipe.recipe_arn, PersonalizeRecipe)
_RECIPES = Codec(lambda recipes: [r.recipe_arn for r in recipes], lambda arns: [PersonalizeRecipe(a) for a in arns])


@dataclass(frozen=True)
class HpoConfig:
    """Hyperparameter optimization: where to search, and how much.

    The ranges and limits are those of a SageMaker tuning job; what Personalize has no word for (a range's scaling, a
    limit of time) must be left out.

    Attributes:
        ranges: one for each hyperparameter to tune; Personalize takes whole and real numbers between -1,000,000 and
            1,000,000. Default: None, all that the recipe tunes.
        resource_limits: at most 40 training jobs, at most 10 at a time. Default: None, the service's choice.
        hpo_objective: as in the API, which does not support it at present. Default: None.
    """

    ranges: Sequence[SolutionRange] | None = member(
        "algorithmHyperParameterRanges", Codec(_encode_ranges, _decode_ranges), default=None
    )
    resource_limits: ResourceLimits | None = member(
        "hpoResourceConfig", Codec(_encode_limits, _decode_limits, ResourceLimits), default=None
    )
    hpo_objective: Mapping[str, str] | None = member("hpoObjective", default=None)


@dataclass(frozen=True)
class AutoMLConfig:
    """What AutoML chooses from, and by what.

    Attributes:
        metric_name: the metric to optimise. Default: None, the service's choice.
        recipes: the candidates. Default: None, the service's choice.
    """

    metric_name: str | None = member("metricName", default=None)
    recipes: Sequence[PersonalizeRecipe] | None = member("recipeList", _RECIPES, default=None)


@dataclass(frozen=True)
class SolutionDeclaration:
    """The props of a solution that stand in CreateSolution; `PersonalizeSolution` documents them."""

    recipe: PersonalizeRecipe | None = member("recipeArn", RECIPE, default=None)
    perform_hpo: bool | None = member("performHPO", default=None)
    perform_auto_ml: bool | None = member("performAutoML", default=None)
    perform_auto_training: bool | None = member("performAutoTraining", default=None)
    perform_incremental_update: bool | None = member("performIncrementalUpdate", default=None)
    event_type: str | None = member("eventType", default=None)
    event_value_threshold: float | str | None = member(
        "solutionConfig.eventValueThreshold", Codec(text, str), default=None
    )
    algorithm_hyper_parameters: Mapping[str, Any] | None = member(
        "solutionConfig.algorithmHyperParameters", TEXT_MAP, default=None
    )
    feature_transformation_parameters: Mapping[str, Any] | None = member(
        "solutionConfig.featureTransformationParameters", TEXT_MAP, default=None
    )
    hpo_config: HpoConfig | None = member("solutionConfig.hpoConfig", part(HpoConfig), default=None)
    auto_ml_config: AutoMLConfig | None = member("solutionConfig.autoMLConfig", part(AutoMLConfig), default=None)
    optimization_objective: Mapping[str, str] | None = member("solutionConfig.optimizationObjective", default=None)
    events_config: Mapping[str, Any] | None = member("solutionConfig.eventsConfig", default=None)
    training_data_config: Mapping[str, Any] | None = member("solutionConfig.trainingDataConfig", default=None)
    auto_training_config: Mapping[str, str] | None = member("solutionConfig.autoTrainingConfig", default=None)
