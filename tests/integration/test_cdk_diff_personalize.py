"""`cdk diff` of a Personalize solution reads like a review, as that of a tuning job does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib import CategoricalRange, IntegerRange, ResourceLimits
from constructs_lib.personalize import HpoConfig, PersonalizeDatasetGroup, PersonalizeRecipe, PersonalizeSolution
from tests.support.cdk_diff import before_and_after, diff, without_names

pytestmark = pytest.mark.integration

MASK = CategoricalRange("recency_mask", values=[True, False])
BPTT = IntegerRange("bptt", min=20, max=30)
BEFORE: dict[str, Any] = {"ranges": [MASK, BPTT]}
CASES: dict[str, dict[str, Any]] = {
    "Bound": {"ranges": [MASK, IntegerRange("bptt", min=20, max=32)]},
    "Jobs": {**BEFORE, "jobs": 8},
    "Tags": {**BEFORE, "tags": {"team": "shop"}},
    "Reordered": {"ranges": [BPTT, MASK]},
}


def declare(stack: cdk.Stack, *, ranges: list[Any], jobs: int = 4, tags: dict[str, str] | None = None) -> None:
    PersonalizeSolution(
        stack,
        "Hrnn",
        dataset_group=PersonalizeDatasetGroup(stack, "Group"),
        recipe=PersonalizeRecipe.HRNN,
        perform_hpo=True,
        hpo_config=HpoConfig(
            ranges=ranges,
            resource_limits=ResourceLimits(max_number_of_training_jobs=jobs, max_parallel_training_jobs=2),
        ),
        tags=tags,
    )


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The assemblies before and after; each stack is a case."""
    return before_and_after(tmp_path_factory.mktemp("versions"), declare, BEFORE, CASES)


SOLUTION = "[~] Custom::PersonalizeSolution Hrnn Hrnn"
NEW_NAME = ["├─ [~] name", "│ ├─ [-] <name>", "│ └─ [+] <name>"]


def solution_lines(versions: tuple[Path, Path], stack: str, home: Path) -> list[str]:
    """The lines without the logical id's hash on the first one; nothing but the solution may have changed."""
    found = without_names(diff(*versions, stack, home), "Hrnn")
    return [SOLUTION if line.startswith(SOLUTION) else line for line in found]


def test_a_changed_bound_is_one_changed_line_that_names_it(versions: tuple[Path, Path], tmp_path: Path) -> None:
    assert solution_lines(versions, "Bound", tmp_path) == [
        SOLUTION,
        *NEW_NAME,
        "└─ [~] solutionConfig",
        "└─ [~] .hpoConfig:",
        "└─ [~] .algorithmHyperParameterRanges:",
        "└─ [~] .integerHyperParameterRanges:",
        "└─ [~] .bptt:",
        "└─ [~] .maxValue:",
        "├─ [-] 30",
        "└─ [+] 32",
    ]


def test_a_changed_limit_is_one_changed_line_that_names_it(versions: tuple[Path, Path], tmp_path: Path) -> None:
    lines = solution_lines(versions, "Jobs", tmp_path)
    assert lines[-4:] == ["└─ [~] .hpoResourceConfig:", "└─ [~] .maxNumberOfTrainingJobs:", "├─ [-] 4", "└─ [+] 8"]


def test_tags_change_without_a_new_solution(versions: tuple[Path, Path], tmp_path: Path) -> None:
    lines = solution_lines(versions, "Tags", tmp_path)
    assert lines[:2] == [SOLUTION, "└─ [+] tags"]
    assert [line for line in lines if "name" in line] == []


def test_another_order_is_no_change(versions: tuple[Path, Path], tmp_path: Path) -> None:
    assert diff(*versions, "Reordered", tmp_path) == []
