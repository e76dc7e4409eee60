"""Recipes and algorithms, as an API user sees them."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from infra.handlers.recipes import RECIPES
from tests.contract.personalize.conftest import Api


def test_every_recipe_is_listed_once_over_pages(api: Api) -> None:
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = api.personalize.list_recipes(maxResults=4, **token)
        names += [recipe["name"] for recipe in page["recipes"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert sorted(names) == sorted(RECIPES)
    assert api.personalize.list_recipes(domain="ECOMMERCE")["recipes"] == []


def test_a_recipe_leads_to_its_hyperparameters(api: Api) -> None:
    recipe = api.personalize.describe_recipe(recipeArn="arn:aws:personalize:::recipe/aws-hrnn")["recipe"]
    assert (recipe["recipeType"], recipe["status"]) == ("USER_PERSONALIZATION", "ACTIVE")
    algorithm = api.personalize.describe_algorithm(algorithmArn=recipe["algorithmArn"])["algorithm"]
    assert algorithm["defaultHyperParameters"] == {"hidden_dimension": "43", "bptt": "32", "recency_mask": "true"}
    assert algorithm["defaultHyperParameterRanges"] == {
        "integerHyperParameterRanges": [
            {"name": "hidden_dimension", "minValue": 32, "maxValue": 256, "isTunable": True},
            {"name": "bptt", "minValue": 2, "maxValue": 32, "isTunable": True},
        ],
        "categoricalHyperParameterRanges": [{"name": "recency_mask", "values": ["true", "false"], "isTunable": True}],
    }
    arn = recipe["featureTransformationArn"]
    transformation = api.personalize.describe_feature_transformation(featureTransformationArn=arn)
    assert transformation["featureTransformation"]["defaultParameters"] == {
        "min_user_history_length_percentile": "0.0",
        "max_user_history_length_percentile": "0.99",
    }


def test_unknown_recipes_and_algorithms_are_not_found(api: Api) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        api.personalize.describe_recipe(recipeArn="arn:aws:personalize:::recipe/none")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        api.personalize.describe_algorithm(algorithmArn="arn:aws:personalize:::algorithm/none")


def test_what_the_local_service_lacks_is_said(api: Api) -> None:
    with pytest.raises(ClientError, match="the local AWS does not implement personalize CreateCampaign"):
        api.personalize.create_campaign(name="c", solutionVersionArn="arn:aws:personalize:us-east-1:0:solution/a/b")
