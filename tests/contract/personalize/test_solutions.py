"""Solutions and solution versions, as an API user sees them: real imports, real trainings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.handlers.recipes import RANKING_METRICS
from infra.local.home import Home
from infra.local.personalize import PersonalizeService
from infra.local.record import DamagedRecordError
from tests.contract.personalize.conftest import ENGINE, Api
from tests.support.endpoint import client, serving
from tests.support.personalize import GUIDE

HRNN = "arn:aws:personalize:::recipe/aws-hrnn"
POPULARITY = "arn:aws:personalize:::recipe/aws-popularity-count"
SIMS = "arn:aws:personalize:::recipe/aws-sims"


def test_the_guides_example_searches_and_shows_what_it_chose(api: Api, events_csv: str) -> None:
    group = api.shop(api.put("events.csv", events_csv))
    solution = api.personalize.create_solution(name="hpo", datasetGroupArn=group, **GUIDE)["solutionArn"]
    version = api.trained(solution)

    assert version["status"] == "ACTIVE", version
    assert version["recipeArn"] == HRNN
    assert version["performHPO"] is True
    assert version["solutionConfig"] == GUIDE["solutionConfig"]
    tuned = version["tunedHPOParams"]["algorithmHyperParameters"]
    assert set(tuned) == {"bptt", "recency_mask"}
    assert 20 <= int(tuned["bptt"]) <= 40
    assert tuned["recency_mask"] in ("true", "false")
    assert version["trainingHours"] > 0

    metrics = api.personalize.get_solution_metrics(solutionVersionArn=version["solutionVersionArn"])["metrics"]
    assert set(metrics) == set(RANKING_METRICS)
    assert all(0 <= value <= 1 for value in metrics.values())
    described = api.personalize.describe_solution(solutionArn=solution)["solution"]
    assert described["latestSolutionVersion"]["solutionVersionArn"] == version["solutionVersionArn"]
    assert described["latestSolutionVersion"]["status"] == "ACTIVE"


def test_versions_survive_a_restart_in_the_middle_of_training(
    home: Home, s3: Any, bucket: str, events_csv: str
) -> None:
    with serving(PersonalizeService(home, s3=s3, region="us-east-1", settings=ENGINE)) as url:
        api = Api(client("personalize", url), s3, bucket)
        group = api.shop(api.put("events.csv", events_csv))
        request = {"name": "shop", "datasetGroupArn": group, "recipeArn": POPULARITY}
        solution = api.personalize.create_solution(**request)["solutionArn"]
        version = api.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    with serving(PersonalizeService(home, s3=s3, region="us-east-1", settings=ENGINE)) as url:
        api = Api(client("personalize", url), s3, bucket)
        assert api.ended(version)["status"] == "ACTIVE"
        assert api.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]["coverage"] > 0


def test_auto_ml_chooses_a_recipe_and_ignores_the_rest(api: Api, events_csv: str) -> None:
    group = api.shop(api.put("events.csv", events_csv))
    solution = api.personalize.create_solution(
        name="auto",
        datasetGroupArn=group,
        performAutoML=True,
        performHPO=True,
        solutionConfig={
            "algorithmHyperParameters": {"no_such": "1"},
            "hpoConfig": {"hpoResourceConfig": {"maxNumberOfTrainingJobs": "400"}},
            "autoMLConfig": {"recipeList": [POPULARITY, SIMS]},
        },
    )["solutionArn"]
    version = api.trained(solution)
    assert version["status"] == "ACTIVE", version
    assert "tunedHPOParams" not in version
    chosen = api.personalize.describe_solution(solutionArn=solution)["solution"]["autoMLResult"]["bestRecipeArn"]
    assert chosen in (POPULARITY, SIMS)
    assert version["recipeArn"] == chosen


def test_stopping_and_deleting_go_in_the_services_order(api: Api, events_csv: str) -> None:
    group = api.shop(api.put("events.csv", events_csv))
    request = {"name": "slow", "datasetGroupArn": group, "recipeArn": HRNN}
    solution = api.personalize.create_solution(**request)["solutionArn"]
    arn = api.personalize.create_solution_version(solutionArn=solution, name="one")["solutionVersionArn"]

    assert api.version(arn)["name"] == "one"
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        api.personalize.create_solution_version(solutionArn=solution, name="one")
    with pytest.raises(ClientError, match=rf"The solution version {arn} is in status .* Stop it first."):
        api.personalize.delete_solution(solutionArn=solution)
    with pytest.raises(ClientError, match="Wait until it is ACTIVE"):
        api.personalize.get_solution_metrics(solutionVersionArn=arn)
    api.personalize.stop_solution_version_creation(solutionVersionArn=arn)
    assert api.ended(arn)["status"] == "CREATE STOPPED"
    with pytest.raises(ClientError, match="is in status CREATE STOPPED and cannot be stopped"):
        api.personalize.stop_solution_version_creation(solutionVersionArn=arn)
    with pytest.raises(ClientError, match="is in status CREATE STOPPED and has no metrics"):
        api.personalize.get_solution_metrics(solutionVersionArn=arn)
    listed = api.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
    assert [v["status"] for v in listed] == ["CREATE STOPPED"]

    assert api.personalize.list_campaigns(solutionArn=solution)["campaigns"] == []
    with pytest.raises(ClientError, match="has the dataset"):
        api.personalize.delete_dataset_group(datasetGroupArn=group)
    api.personalize.delete_solution(solutionArn=solution)
    with pytest.raises(ClientError, match=rf"Resource Arn {arn} does not exist."):
        api.version(arn)
    assert api.personalize.list_solutions(datasetGroupArn=group)["solutions"] == []


def test_training_that_fails_says_why(api: Api, events_csv: str) -> None:
    group = api.shop(api.put("events.csv", events_csv))
    request = {"name": "none", "datasetGroupArn": group, "recipeArn": POPULARITY, "eventType": "refund"}
    version = api.trained(api.personalize.create_solution(**request)["solutionArn"])
    assert version["status"] == "CREATE FAILED"
    reason = "ClientError: Dataset has fewer than 1000 interactions after filtering by event type: refund"
    assert version["failureReason"] == reason


def test_a_version_needs_imported_interactions(api: Api) -> None:
    group = api.group()
    request = {"name": "early", "datasetGroupArn": group, "recipeArn": POPULARITY}
    solution = api.personalize.create_solution(**request)["solutionArn"]
    with pytest.raises(ClientError, match=r"InvalidInputException.*has no interactions"):
        api.personalize.create_solution_version(solutionArn=solution)


def _hpo(ranges: dict[str, Any], **limits: str) -> dict[str, Any]:
    hpo: dict[str, Any] = {"algorithmHyperParameterRanges": ranges}
    if limits:
        hpo["hpoResourceConfig"] = limits
    return {"recipeArn": HRNN, "performHPO": True, "solutionConfig": {"hpoConfig": hpo}}


def _integer(name: str, low: int, high: int) -> dict[str, Any]:
    return {"integerHyperParameterRanges": [{"name": name, "minValue": low, "maxValue": high}]}


BPTT = _integer("bptt", 2, 32)
BAD: list[tuple[dict[str, Any], str, str]] = [
    ({}, "InvalidInputException", "recipeArn is required when performAutoML is false."),
    (
        {"recipeArn": "arn:aws:personalize:::recipe/aws-none"},
        "ResourceNotFoundException",
        "Resource Arn arn:aws:personalize:::recipe/aws-none does not exist.",
    ),
    (
        {"recipeArn": "arn:aws:personalize:::recipe/aws-trending-now"},
        "InvalidInputException",
        "The local Personalize trains aws-hrnn, aws-popularity-count, aws-sims, aws-user-personalization; "
        "it has no program for aws-trending-now.",
    ),
    (
        {"recipeArn": HRNN, "solutionConfig": {"algorithmHyperParameters": {"layers": "2"}}},
        "InvalidInputException",
        "aws-hrnn has no layers in algorithmHyperParameters; it has hidden_dimension, bptt, recency_mask.",
    ),
    (
        {"recipeArn": HRNN, "solutionConfig": {"algorithmHyperParameters": {"bptt": "many"}}},
        "InvalidInputException",
        "bptt must be a whole number, got 'many'.",
    ),
    (
        {"recipeArn": HRNN, "solutionConfig": {"eventValueThreshold": "high"}},
        "InvalidInputException",
        "eventValueThreshold must be a number, got high.",
    ),
    (
        {"recipeArn": POPULARITY, "performHPO": True},
        "InvalidInputException",
        "aws-popularity-count has no hyperparameter left to tune; set performHPO to false.",
    ),
    (
        _hpo(_integer("min_user_history_length_percentile", 0, 1)),
        "InvalidInputException",
        "aws-hrnn does not tune min_user_history_length_percentile; it tunes hidden_dimension, bptt, recency_mask.",
    ),
    (
        _hpo({"categoricalHyperParameterRanges": [{"name": "bptt", "values": ["2", "4"]}]}),
        "InvalidInputException",
        "bptt needs a range in integerHyperParameterRanges, got one in categoricalHyperParameterRanges.",
    ),
    (
        _hpo({"categoricalHyperParameterRanges": [{"name": "recency_mask", "values": ["maybe"]}]}),
        "InvalidInputException",
        "recency_mask must be one of true, false, got maybe.",
    ),
    (
        _hpo(_integer("bptt", 32, 2)),
        "InvalidInputException",
        "minValue must be below maxValue for bptt, got 32 and 2.",
    ),
    (
        _hpo(BPTT, maxNumberOfTrainingJobs="41"),
        "InvalidInputException",
        "maxNumberOfTrainingJobs must be a whole number between 1 and 40, got 41.",
    ),
    (
        _hpo(BPTT, maxNumberOfTrainingJobs="12", maxParallelTrainingJobs="11"),
        "InvalidInputException",
        "maxParallelTrainingJobs must be a whole number between 1 and 10, got 11.",
    ),
    (
        _hpo(BPTT, maxNumberOfTrainingJobs="2", maxParallelTrainingJobs="3"),
        "InvalidInputException",
        "maxParallelTrainingJobs must be at most maxNumberOfTrainingJobs, got 3 and 2.",
    ),
]


def test_bad_solutions_are_refused_with_what_is_wrong(api: Api) -> None:
    group = api.group()
    for request, code, message in BAD:
        with pytest.raises(ClientError) as refused:
            api.personalize.create_solution(name="bad", datasetGroupArn=group, **request)
        assert refused.value.response["Error"] == {"Code": code, "Message": message}
    assert api.personalize.list_solutions()["solutions"] == []


def test_an_eleventh_solution_is_one_too_many(api: Api) -> None:
    group = api.group()
    for number in range(10):
        api.personalize.create_solution(name=f"s{number}", datasetGroupArn=group, recipeArn=HRNN)
    with pytest.raises(ClientError, match=r"LimitExceededException.*More than 10 resources in ACTIVE state"):
        api.personalize.create_solution(name="s10", datasetGroupArn=group, recipeArn=HRNN)
    first = api.personalize.list_solutions(maxResults=7)
    second = api.personalize.list_solutions(maxResults=7, nextToken=first["nextToken"])
    names = [entry["name"] for entry in first["solutions"] + second["solutions"]]
    assert names == [f"s{number}" for number in range(10)]
    assert "nextToken" not in second
    with pytest.raises(ClientError, match="InvalidNextTokenException"):
        api.personalize.list_solutions(nextToken="nonsense")


def test_a_name_is_taken_once(api: Api) -> None:
    group = api.group()
    request = {"name": "twice", "datasetGroupArn": group, "recipeArn": HRNN}
    arn = api.personalize.create_solution(**request)["solutionArn"]
    with pytest.raises(ClientError) as refused:
        api.personalize.create_solution(**request)
    assert refused.value.response["Error"] == {
        "Code": "ResourceAlreadyExistsException",
        "Message": f"Another resource with Arn {arn} already exists.",
    }


def test_auto_training_is_kept_as_it_is_set(api: Api) -> None:
    request = {"name": "auto", "datasetGroupArn": api.group(), "recipeArn": HRNN, "performAutoTraining": False}
    arn = api.personalize.create_solution(**request)["solutionArn"]
    assert api.personalize.describe_solution(solutionArn=arn)["solution"]["performAutoTraining"] is False
    api.personalize.update_solution(solutionArn=arn, performAutoTraining=True)
    assert api.personalize.describe_solution(solutionArn=arn)["solution"]["performAutoTraining"] is True


def test_a_damaged_record_is_left_alone(home: Home, s3: Any) -> None:
    path: Path = home.path / "personalize" / "resources.sqlite3"
    path.parent.mkdir()
    path.write_text(json.dumps({"not": "a database"}) * 100)
    with pytest.raises(DamagedRecordError, match=r"^Personalize's record .* cannot be read"):
        PersonalizeService(home, s3=s3, region="us-east-1", settings=ENGINE)
    assert path.read_text().startswith('{"not"')
