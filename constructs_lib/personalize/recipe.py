"""Recipes: an open choice with constants for those that are documented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from infra.handlers.recipes import RECIPES


@dataclass(frozen=True)
class PersonalizeRecipe:
    """A recipe of Amazon Personalize.

    >>> PersonalizeRecipe.HRNN.recipe_arn
    'arn:aws:personalize:::recipe/aws-hrnn'

    Attributes:
        recipe_arn: the recipe's ARN, the same in every account and region.
    """

    USER_PERSONALIZATION_V2: ClassVar[PersonalizeRecipe]
    USER_PERSONALIZATION: ClassVar[PersonalizeRecipe]
    TRENDING_NOW: ClassVar[PersonalizeRecipe]
    POPULARITY_COUNT: ClassVar[PersonalizeRecipe]
    PERSONALIZED_RANKING_V2: ClassVar[PersonalizeRecipe]
    PERSONALIZED_RANKING: ClassVar[PersonalizeRecipe]
    SEMANTIC_SIMILARITY: ClassVar[PersonalizeRecipe]
    SIMILAR_ITEMS: ClassVar[PersonalizeRecipe]
    SIMS: ClassVar[PersonalizeRecipe]
    NEXT_BEST_ACTION: ClassVar[PersonalizeRecipe]
    ITEM_AFFINITY: ClassVar[PersonalizeRecipe]
    ITEM_ATTRIBUTE_AFFINITY: ClassVar[PersonalizeRecipe]
    HRNN: ClassVar[PersonalizeRecipe]
    HRNN_METADATA: ClassVar[PersonalizeRecipe]
    HRNN_COLDSTART: ClassVar[PersonalizeRecipe]

    recipe_arn: str

    @classmethod
    def of(cls, name: str) -> PersonalizeRecipe:
        """A recipe that has no constant here, by its name, such as "aws-hrnn"."""
        return cls(f"arn:aws:personalize:::recipe/{name}")


for _name, _recipe in RECIPES.items():
    setattr(
        PersonalizeRecipe,
        _name.removeprefix("aws-").replace("-", "_").upper(),
        PersonalizeRecipe(_recipe.arn),
    )
