"""The recipes of Amazon Personalize: what each is for, its hyperparameters, and the metrics of its solution versions.

Facts of the developer guide, "Choosing a recipe" and the page of each recipe; "Evaluating a solution version with
metrics" for the metrics. Synth-time checks, the handlers and the local service read the same entries. Standard
library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HyperparameterType = Literal["Integer", "Continuous", "Categorical"]
RecipeType = Literal[
    "USER_PERSONALIZATION", "PERSONALIZED_RANKING", "RELATED_ITEMS", "PERSONALIZED_ACTIONS", "USER_SEGMENTATION"
]

MAX_NUMBER_OF_TRAINING_JOBS = 40
"""The most training jobs of one hyperparameter optimization."""

MAX_PARALLEL_TRAINING_JOBS = 10
"""The most of them at the same time."""


@dataclass(frozen=True)
class Hyperparameter:
    """One hyperparameter of a recipe.

    Attributes:
        name: as in `algorithmHyperParameters` or `featureTransformationParameters`.
        type: what kind of range it has; booleans and strings are categorical.
        default: the value without an override, as the API's string.
        min: the lowest documented value. Default: None, unbounded.
        max: the highest documented value. Default: None, unbounded.
        values: the values of a categorical one. Default: none.
        tunable: whether hyperparameter optimization may choose it.
        featurization: whether it filters the data, in `featureTransformationParameters`, instead of the model.
    """

    name: str
    type: HyperparameterType
    default: str
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] = ()
    tunable: bool = False
    featurization: bool = False


@dataclass(frozen=True)
class Recipe:
    """A recipe of the service.

    Attributes:
        name: such as "aws-hrnn".
        type: the use case.
        description: one line.
        hyperparameters: all that the developer guide lists.
        metrics: what GetSolutionMetrics answers for its solution versions.
        feature_transformation: the last part of its feature transformation's ARN, where documented. Default: None.
        algorithm: the last part of its algorithm's ARN. Default: None, the recipe's own name.
        legacy: whether AWS takes no new solutions of it.
    """

    name: str
    type: RecipeType
    description: str
    hyperparameters: tuple[Hyperparameter, ...] = ()
    metrics: tuple[str, ...] = ()
    feature_transformation: str | None = None
    algorithm: str | None = None
    legacy: bool = False

    @property
    def arn(self) -> str:
        """The recipe's ARN, the same in every region and account."""
        return f"arn:aws:personalize:::recipe/{self.name}"

    @property
    def algorithm_arn(self) -> str:
        """Its algorithm's ARN."""
        return f"arn:aws:personalize:::algorithm/{self.name if self.algorithm is None else self.algorithm}"

    @property
    def feature_transformation_arn(self) -> str | None:
        """Its feature transformation's ARN, where documented."""
        if self.feature_transformation is None:
            return None
        return f"arn:aws:personalize:::feature-transformation/{self.feature_transformation}"

    @property
    def tunable(self) -> tuple[Hyperparameter, ...]:
        """The hyperparameters that hyperparameter optimization may choose."""
        return tuple(h for h in self.hyperparameters if h.tunable)

    @property
    def algorithm_hyperparameters(self) -> tuple[Hyperparameter, ...]:
        """Those of `algorithmHyperParameters`."""
        return tuple(h for h in self.hyperparameters if not h.featurization)

    @property
    def featurization_hyperparameters(self) -> tuple[Hyperparameter, ...]:
        """Those of `featureTransformationParameters`."""
        return tuple(h for h in self.hyperparameters if h.featurization)

    def hyperparameter(self, name: str) -> Hyperparameter | None:
        """The hyperparameter of that name, or None."""
        return next((h for h in self.hyperparameters if h.name == name), None)


RANKING_METRICS = (
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "precision_at_5",
    "precision_at_10",
    "precision_at_25",
)
"""Metrics of every recipe that ranks items."""

_SEGMENTATION_METRICS = ("coverage", "hit_at_k", "recall_at_k")

_BOOLEAN = ("true", "false")


def _percentile(name: str, default: str) -> Hyperparameter:
    return Hyperparameter(name, "Continuous", default, min=0.0, max=1.0, featurization=True)


_HISTORY_LENGTH = (
    _percentile("min_user_history_length_percentile", "0.0"),
    _percentile("max_user_history_length_percentile", "0.99"),
)


def _recurrent(hidden_dimension: str) -> tuple[Hyperparameter, ...]:
    """What all recipes with a recurrent model have; their default sizes differ."""
    return (
        Hyperparameter("hidden_dimension", "Integer", hidden_dimension, min=32, max=256, tunable=True),
        Hyperparameter("bptt", "Integer", "32", min=2, max=32, tunable=True),
        Hyperparameter("recency_mask", "Categorical", "true", values=_BOOLEAN, tunable=True),
    )


_RECENCY_BIAS = (Hyperparameter("apply_recency_bias", "Categorical", "true", values=_BOOLEAN),)

_SEGMENT_SIZE = (Hyperparameter("hidden_dimension", "Integer", "149", min=32, max=256),)

_SIMILAR_ITEMS = (
    Hyperparameter("item_id_hidden_dim", "Integer", "100", min=30, max=200, tunable=True),
    Hyperparameter("item_metadata_hidden_dim", "Integer", "100", min=30, max=200, tunable=True),
)

_SIMS = (
    Hyperparameter("popularity_discount_factor", "Continuous", "0.5", min=0.0, max=1.0, tunable=True),
    Hyperparameter("min_cointeraction_count", "Integer", "3", min=0, max=10, tunable=True),
    _percentile("min_user_history_length_percentile", "0.005"),
    _percentile("max_user_history_length_percentile", "0.995"),
    _percentile("min_item_interaction_count_percentile", "0.01"),
    _percentile("max_item_interaction_count_percentile", "0.9"),
)

_COLD_START = (
    Hyperparameter("cold_start_max_interactions", "Integer", "15", min=1, featurization=True),
    Hyperparameter("cold_start_max_duration", "Continuous", "5.0", min=0.0, featurization=True),
    Hyperparameter(
        "cold_start_relative_from",
        "Categorical",
        "latestItem",
        values=("currentTime", "latestItem"),
        featurization=True,
    ),
)

_TREND = (
    Hyperparameter(
        "trend_discovery_frequency",
        "Categorical",
        "3 hours",
        values=("30 minutes", "1 hour", "3 hours", "1 day"),
        featurization=True,
    ),
)

_ALL = (
    Recipe(
        "aws-user-personalization-v2",
        "USER_PERSONALIZATION",
        "Transformer over each user's history, for up to 5 million items.",
        _RECENCY_BIAS,
        RANKING_METRICS,
    ),
    Recipe(
        "aws-user-personalization",
        "USER_PERSONALIZATION",
        "Recurrent network with exploration of new items; it unifies the three HRNN recipes.",
        (*_recurrent("149"), *_HISTORY_LENGTH),
        RANKING_METRICS,
    ),
    Recipe(
        "aws-trending-now",
        "USER_PERSONALIZATION",
        "Items whose popularity rises fastest.",
        _TREND,
        (*RANKING_METRICS, "trend_prediction_accuracy"),
        algorithm="aws-trending-now-custom",
    ),
    Recipe(
        "aws-popularity-count",
        "USER_PERSONALIZATION",
        "The most popular items, the same for all users: a baseline.",
        (),
        RANKING_METRICS,
        feature_transformation="sims",
    ),
    Recipe(
        "aws-personalized-ranking-v2",
        "PERSONALIZED_RANKING",
        "Transformer that reorders a given list of items for a user.",
        _RECENCY_BIAS,
        RANKING_METRICS,
    ),
    Recipe(
        "aws-personalized-ranking",
        "PERSONALIZED_RANKING",
        "Recurrent network that reorders a given list of items for a user.",
        (*_recurrent("149"), *_HISTORY_LENGTH),
        RANKING_METRICS,
        feature_transformation="JSON-percentile-filtering",
    ),
    Recipe(
        "aws-semantic-similarity",
        "RELATED_ITEMS",
        "Items whose texts mean something similar.",
        (),
        RANKING_METRICS,
    ),
    Recipe(
        "aws-similar-items",
        "RELATED_ITEMS",
        "Similar items by interactions and by metadata.",
        _SIMILAR_ITEMS,
        RANKING_METRICS,
    ),
    Recipe(
        "aws-sims",
        "RELATED_ITEMS",
        "Items that occur together in users' histories.",
        _SIMS,
        RANKING_METRICS,
        feature_transformation="sims",
    ),
    Recipe(
        "aws-next-best-action",
        "PERSONALIZED_ACTIONS",
        "The action that a user will most likely take.",
    ),
    Recipe(
        "aws-item-affinity",
        "USER_SEGMENTATION",
        "Users who are most likely to interact with given items.",
        _SEGMENT_SIZE,
        _SEGMENTATION_METRICS,
        feature_transformation="item-affinity",
    ),
    Recipe(
        "aws-item-attribute-affinity",
        "USER_SEGMENTATION",
        "Users who are most likely to interact with items of given attributes.",
        _SEGMENT_SIZE,
        _SEGMENTATION_METRICS,
        feature_transformation="item-attribute-affinity",
    ),
    Recipe(
        "aws-hrnn",
        "USER_PERSONALIZATION",
        "Hierarchical recurrent network over sessions and users.",
        (*_recurrent("43"), *_HISTORY_LENGTH),
        RANKING_METRICS,
        feature_transformation="JSON-percentile-filtering",
        legacy=True,
    ),
    Recipe(
        "aws-hrnn-metadata",
        "USER_PERSONALIZATION",
        "Hierarchical recurrent network with features of interactions, users and items.",
        (*_recurrent("43"), *_HISTORY_LENGTH),
        RANKING_METRICS,
        feature_transformation="featurize_metadata",
        legacy=True,
    ),
    Recipe(
        "aws-hrnn-coldstart",
        "USER_PERSONALIZATION",
        "Hierarchical recurrent network that recommends new items too.",
        (*_recurrent("149"), *_COLD_START, *_HISTORY_LENGTH),
        RANKING_METRICS,
        feature_transformation="featurize_coldstart",
        legacy=True,
    ),
)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _ALL}
"""All recipes for custom solutions, by name."""

_ARN_PREFIX = "arn:aws:personalize:::recipe/"


def recipe_of_arn(arn: str) -> Recipe | None:
    """The recipe of an ARN, or None."""
    return RECIPES.get(arn.removeprefix(_ARN_PREFIX)) if arn.startswith(_ARN_PREFIX) else None
