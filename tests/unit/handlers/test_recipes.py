"""The table of recipes: consistent in itself, and right where the developer guide's numbers matter most."""

from __future__ import annotations

import pytest

from infra.handlers.recipes import RECIPES, Hyperparameter, Recipe, recipe_of_arn


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)
def test_recipes_are_consistent(recipe: Recipe) -> None:
    assert recipe_of_arn(recipe.arn) is recipe
    names = [h.name for h in recipe.hyperparameters]
    assert len(names) == len(set(names))
    for h in recipe.hyperparameters:
        assert not (h.tunable and h.featurization), "no featurization hyperparameter is tunable"
        assert _admits(h, h.default), (h.name, h.default)


def _admits(h: Hyperparameter, value: str) -> bool:
    if h.type == "Categorical":
        return value in h.values
    number = int(value) if h.type == "Integer" else float(value)
    return (h.min is None or number >= h.min) and (h.max is None or number <= h.max)


def test_only_the_hrnn_recipes_are_legacy() -> None:
    assert {name for name, recipe in RECIPES.items() if recipe.legacy} == {
        "aws-hrnn",
        "aws-hrnn-metadata",
        "aws-hrnn-coldstart",
    }


DOCUMENTED = [
    ("aws-hrnn", "hidden_dimension", "43", 32, 256),
    ("aws-user-personalization", "hidden_dimension", "149", 32, 256),
    ("aws-hrnn", "bptt", "32", 2, 32),
    ("aws-sims", "popularity_discount_factor", "0.5", 0, 1),
    ("aws-sims", "min_cointeraction_count", "3", 0, 10),
    ("aws-similar-items", "item_id_hidden_dim", "100", 30, 200),
]


@pytest.mark.parametrize(("recipe", "name", "default", "low", "high"), DOCUMENTED)
def test_documented_defaults_and_ranges(recipe: str, name: str, default: str, low: float, high: float) -> None:
    h = RECIPES[recipe].hyperparameter(name)
    assert h is not None
    assert (h.default, h.min, h.max, h.tunable) == (default, low, high, True)


def test_an_unknown_arn_is_no_recipe() -> None:
    assert recipe_of_arn("arn:aws:personalize:::recipe/aws-none") is None
    assert recipe_of_arn("aws-hrnn") is None
