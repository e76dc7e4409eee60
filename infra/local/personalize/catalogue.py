"""Operations on what the service brings along, recipes and algorithms, and on tags."""

from __future__ import annotations

from datetime import UTC, datetime

from infra.handlers.recipes import RECIPES, Recipe, recipe_of_arn

from .context import Answer, Context, Request, listed
from .errors import not_found
from .solution_rules import default_ranges
from .training import IMAGE

_RELEASED = datetime(2019, 6, 10, tzinfo=UTC)
"""When the service became generally available; its own dates of recipes are not published."""

_TIMES = {"creationDateTime": _RELEASED, "lastUpdatedDateTime": _RELEASED}


def list_recipes(_context: Context, request: Request) -> Answer:
    """ListRecipes: those for custom solutions; there are no domains here."""
    chosen = [] if "domain" in request or request.get("recipeProvider", "SERVICE") != "SERVICE" else RECIPES.values()
    entries = [{"name": r.name, "recipeArn": r.arn, "status": "ACTIVE", **_TIMES} for r in chosen]
    return listed(request, "recipes", entries, "recipeArn")


def describe_recipe(_context: Context, request: Request) -> Answer:
    """DescribeRecipe."""
    recipe = recipe_of_arn(request["recipeArn"])
    if recipe is None:
        raise not_found(request["recipeArn"])
    transformation = recipe.feature_transformation_arn
    return {
        "recipe": {
            "name": recipe.name,
            "recipeArn": recipe.arn,
            "algorithmArn": recipe.algorithm_arn,
            **({} if transformation is None else {"featureTransformationArn": transformation}),
            "status": "ACTIVE",
            "description": recipe.description,
            "recipeType": recipe.type,
            **_TIMES,
        }
    }


def describe_algorithm(_context: Context, request: Request) -> Answer:
    """DescribeAlgorithm: a recipe's hyperparameters with their defaults and ranges."""
    recipe = _by("algorithm_arn", request["algorithmArn"])
    algorithm = [h for h in recipe.hyperparameters if not h.featurization]
    names = {h.name for h in algorithm}
    ranges = {
        member: own
        for member, entries in default_ranges(recipe).items()
        if (own := [entry for entry in entries if entry["name"] in names])
    }
    return {
        "algorithm": {
            "name": recipe.name,
            "algorithmArn": recipe.algorithm_arn,
            "algorithmImage": {"name": recipe.name, "dockerURI": IMAGE},
            "defaultHyperParameters": {h.name: h.default for h in algorithm},
            "defaultHyperParameterRanges": ranges,
            "trainingInputMode": "File",
            **_TIMES,
        }
    }


def describe_feature_transformation(_context: Context, request: Request) -> Answer:
    """DescribeFeatureTransformation: the defaults of featurization. Recipes share some; the first one counts."""
    arn = request["featureTransformationArn"]
    recipe = _by("feature_transformation_arn", arn)
    return {
        "featureTransformation": {
            "name": arn.rpartition("/")[2],
            "featureTransformationArn": arn,
            "defaultParameters": {h.name: h.default for h in recipe.featurization_hyperparameters},
            "status": "ACTIVE",
            **_TIMES,
        }
    }


def _by(member: str, arn: str) -> Recipe:
    found = [recipe for recipe in RECIPES.values() if getattr(recipe, member) == arn]
    if not found:
        raise not_found(arn)
    return max(found, key=lambda recipe: len(recipe.hyperparameters))


def list_tags_for_resource(context: Context, request: Request) -> Answer:
    """ListTagsForResource."""
    arn = context.store.get(request["resourceArn"]).arn
    return {"tags": [{"tagKey": key, "tagValue": value} for key, value in context.store.tags(arn).items()]}


def tag_resource(context: Context, request: Request) -> Answer:
    """TagResource."""
    arn = context.store.get(request["resourceArn"]).arn
    context.store.put_tags(arn, {tag["tagKey"]: tag["tagValue"] for tag in request["tags"]})
    return {}


def untag_resource(context: Context, request: Request) -> Answer:
    """UntagResource."""
    context.store.delete_tags(context.store.get(request["resourceArn"]).arn, request["tagKeys"])
    return {}


OPERATIONS = {
    "DescribeAlgorithm": describe_algorithm,
    "DescribeFeatureTransformation": describe_feature_transformation,
    "DescribeRecipe": describe_recipe,
    "ListRecipes": list_recipes,
    "ListTagsForResource": list_tags_for_resource,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
