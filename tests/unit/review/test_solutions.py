"""Personalize solutions in a review, from the constructs' own assemblies: requests, plans and changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3
from typer.testing import CliRunner, Result

from constructs_lib import IntegerRange, ResourceLimits
from constructs_lib.personalize import (
    HpoConfig,
    PersonalizeDataset,
    PersonalizeDatasetGroup,
    PersonalizeDatasetImport,
    PersonalizeRecipe,
    PersonalizeSchema,
    PersonalizeSolution,
)
from infra.cli import app
from infra.handlers.personalize_contract import SOLUTION
from infra.review.amounts import Unknown
from infra.review.request import request_with_intrinsics
from infra.review.solutions import solution_bounds, solution_parallel, solution_space, solution_strategy
from tests.support.personalize import GUIDE

Declare = Callable[["Shop"], None]


class Shop(cdk.Stack):
    """A dataset group with one import, for solutions to be trained on."""

    def __init__(self, scope: cdk.App, *, revision: str | None = None) -> None:
        super().__init__(scope, "Shop")
        self.group = PersonalizeDatasetGroup(self, "Group")
        schema = PersonalizeSchema.interactions(self, "Schema")
        dataset = PersonalizeDataset(self, "Interactions", dataset_group=self.group, schema=schema)
        bucket = s3.Bucket.from_bucket_name(self, "Bucket", "shop-events")
        self.imported = PersonalizeDatasetImport(
            self, "Import", dataset=dataset, bucket=bucket, key_prefix="events.csv", revision=revision
        )

    def guide(self, id: str = "Hrnn", **more: Any) -> None:  # noqa: A002
        """The developer guide's solution."""
        PersonalizeSolution.from_request(
            self, id, {**GUIDE, **more}, dataset_group=self.group, dataset_imports=[self.imported]
        )


def wider(shop: Shop) -> None:
    PersonalizeSolution(
        shop,
        "Hrnn",
        dataset_group=shop.group,
        dataset_imports=[shop.imported],
        recipe=PersonalizeRecipe.HRNN,
        perform_auto_ml=False,
        perform_hpo=True,
        algorithm_hyper_parameters={"hidden_dimension": 55},
        hpo_config=HpoConfig(
            ranges=[IntegerRange("bptt", min=20, max=50)],
            resource_limits=ResourceLimits(max_number_of_training_jobs=4, max_parallel_training_jobs=2),
        ),
    )


VERSIONS: Mapping[str, tuple[Declare, str | None]] = {
    "guide": (Shop.guide, None),
    "wider": (wider, None),
    "tagged": (lambda shop: shop.guide(tags=[{"tagKey": "team", "tagValue": "a"}]), None),
    "imported": (Shop.guide, "2"),
    "gone": (lambda shop: None, None),
    "moved": (lambda shop: shop.guide("Other"), None),
}


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Assemblies of the app's versions, each synthesised once."""
    folder = tmp_path_factory.mktemp("versions")

    @cache
    def version(name: str) -> Path:
        declare, revision = VERSIONS[name]
        made = cdk.App(outdir=str(folder / name))
        declare(Shop(made, revision=revision))
        made.synth()
        return folder / name

    return version


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def name_of(folder: Path) -> str:
    return str(next(iter(json.loads(run("request", str(folder), "--json").output).values()))["name"])


def test_the_request_is_printed_as_it_is_sent(versions: Callable[[str], Path]) -> None:
    printed = json.loads(run("request", str(versions("guide")), "--json").output)
    assert list(printed) == ["Shop/Hrnn"]
    sent = printed["Shop/Hrnn"]
    assert sent.pop("name").startswith("Hrnn-")
    assert list(sent.pop("datasetGroupArn")) == ["Fn::GetAtt"]
    assert sent == {**GUIDE, "performAutoTraining": False}


def test_the_request_as_an_outline(versions: Callable[[str], Path]) -> None:
    shown = lines(run("request", str(versions("guide")), "Shop/Hrnn").output)
    assert shown[0] == "Shop/Hrnn"
    assert "  performHPO: true" in shown
    assert "        maxNumberOfTrainingJobs: 4" in shown


PLAN = """\
1 Personalize solution: 1 replaced.

Shop/Hrnn  {new}  is replaced: a new one is trained, the old one is deleted
  name            {old} → {new}
  changes         algorithmHyperParameterRanges.bptt.maxValue 40 → 50
                  algorithmHyperParameterRanges.recency_mask removed: values [true, false]
  strategy        aws-hrnn, hyperparameter optimization
  objective       chosen by Personalize
  search space    1 hyperparameter, 31 combinations
                    bptt  integer 20 to 50
  each runs on    Personalize's own capacity, for a time that is unknown: it has no limit
  training jobs   at most 4, 2 at a time
  training hours  unknown: Personalize has no limit of training hours
  cost            unknown: Personalize bills training hours and has no limit of them
"""


def test_the_plan_reads_like_a_review(versions: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    base, new = versions("guide"), versions("wider")
    shown = lines(run("plan", str(new), "--against", str(base)).output)
    expected = lines(PLAN.format(old=name_of(base), new=name_of(new)))
    assert shown[: len(expected)] == expected
    warnings = [line.split(None, 1)[1] for line in shown if line.startswith("  warning")]
    assert warnings[0].startswith("recipe: aws-hrnn is a legacy recipe")
    assert warnings[1].startswith('hpo_config.ranges["bptt"]: leaves the documented range 2 to 32')


@pytest.mark.parametrize(
    ("before", "after", "headline", "total"),
    [
        ("guide", "guide", "1 Personalize solution: 1 unchanged.", "No training jobs start."),
        ("guide", "tagged", "1 Personalize solution: 1 with other tags.", "No training jobs start."),
        ("guide", "imported", "1 Personalize solution: 1 trained again.", "This deployment: at most 4 training jobs, "),
        ("gone", "guide", "1 Personalize solution: 1 new.", "This deployment: at most 4 training jobs, "),
        ("guide", "moved", "2 Personalize solutions: 1 new, 1 deleted.", "This deployment: at most 4 training jobs, "),
    ],
)
def test_what_a_deployment_does(
    versions: Callable[[str], Path], before: str, after: str, headline: str, total: str
) -> None:
    shown = run("plan", str(versions(after)), "--against", str(versions(before)), "--format", "markdown").output
    (first,) = [line for line in lines(shown) if line.startswith(headline)]
    assert first.startswith(f"{headline} {total}")


def test_a_new_import_is_named(versions: Callable[[str], Path]) -> None:
    result = run("plan", str(versions("imported")), "--against", str(versions("guide")), "--format", "json")
    plan = json.loads(result.output)
    (job,) = plan["jobs"].values()
    assert (job["type"], job["action"], job["name"]) == (SOLUTION.resource_type, "retrained", job["oldName"])
    (change,) = job["changes"]
    assert change["name"] == "DatasetImports"
    assert change["old"] != change["new"]


def test_a_ceiling_that_the_service_does_not_keep_counts_as_exceeded(versions: Callable[[str], Path]) -> None:
    result = run("plan", str(versions("guide")), "--max-hours", "1000")
    assert result.exit_code == 2
    assert "instance-hours: the ceiling is 1,000, and what can be reached is unknown: Personalize has no limit" in (
        result.stderr
    )
    unchanged = run("plan", str(versions("guide")), "--against", str(versions("guide")), "--max-cost", "0")
    assert unchanged.exit_code == 0


REF = {"Ref": "Jobs"}
HRNN = "arn:aws:personalize:::recipe/aws-hrnn"


def sent(**changes: Any) -> dict[str, Any]:
    """A solution's request, from its properties in keyed form."""
    properties = {"name": "s", "recipeArn": HRNN, "performHPO": True, "performAutoTraining": False, **changes}
    return request_with_intrinsics(properties, SOLUTION.resource_type)


def limits(**given: Any) -> dict[str, Any]:
    return {"hpoConfig": {"hpoResourceConfig": given}}


@pytest.mark.parametrize(
    ("request_", "jobs", "parallel"),
    [
        (sent(performHPO=False), 1, 1),
        (sent(), 40, 10),
        (sent(solutionConfig=limits(maxNumberOfTrainingJobs="7", maxParallelTrainingJobs="3")), 7, 3),
        (sent(performHPO=REF), "performHPO is known at deployment (Ref Jobs)", None),
        (
            sent(solutionConfig=limits(maxNumberOfTrainingJobs=REF)),
            "maxNumberOfTrainingJobs is known at deployment (Ref Jobs)",
            10,
        ),
        (sent(performAutoML=True), "AutoML chooses what it trains", None),
        (sent(performAutoTraining=True), "automatic training is on, and trains again by its schedule", 10),
    ],
    ids=["one", "the service's most", "given", "unknown switch", "unknown limit", "AutoML", "automatic training"],
)  # fmt: skip
def test_how_many_training_jobs_there_are_at_most(
    request_: dict[str, Any], jobs: int | str, parallel: int | None
) -> None:
    found = solution_bounds(request_).training_jobs
    assert (found.reason if isinstance(found, Unknown) else found) == jobs
    if parallel is not None:
        assert solution_parallel(request_) == parallel


HIDDEN = "hidden_dimension integer 32 to 256"
CONTINUOUS, FACTOR = "continuousHyperParameterRanges", "popularity_discount_factor"
OPEN_RANGE = {"minValue": 0.1, "maxValue": REF}


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (sent(), ["bptt integer 2 to 32", HIDDEN, "recency_mask categorical true, false"]),
        (sent(performHPO=False), []),
        (sent(solutionConfig={"algorithmHyperParameters": {"bptt": "8", "recency_mask": "true"}}), [HIDDEN]),
        (
            sent(solutionConfig={"hpoConfig": {"algorithmHyperParameterRanges": {CONTINUOUS: {FACTOR: OPEN_RANGE}}}}),
            [f"{FACTOR} continuous 0.1 to known at deployment (Ref Jobs)"],
        ),
    ],
    ids=["all that the recipe tunes", "nothing", "all but the fixed ones", "a reference"],
)
def test_what_is_searched(request_: dict[str, Any], shown: list[str]) -> None:
    assert [f"{one.name} {one}" for one in solution_space(request_).ranges] == shown


def test_who_chooses() -> None:
    assert solution_strategy(sent(performHPO=False)) == "aws-hrnn, no search"
    assert solution_strategy(sent(performAutoML=True)) == "AutoML"
    unknown = solution_strategy(sent(performHPO=REF))
    assert unknown == "aws-hrnn, hyperparameter optimization known at deployment (Ref Jobs)"
