"""`cdk diff` reads like a review: the real CDK CLI on two versions of a declaration, without an account."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib import (
    CategoricalRange,
    Channel,
    ContinuousRange,
    CustomAlgorithm,
    HyperParameterTuningJob,
    InstanceType,
    IntegerRange,
    Objective,
    OutputDataConfig,
    ParameterRange,
    ResourceLimits,
    S3DataSource,
    Scaling,
    TrainingJobDefinition,
)
from tests.support.cdk_diff import before_and_after, without_names
from tests.support.cdk_diff import diff as diff_of

pytestmark = pytest.mark.integration

RATE = ContinuousRange("learning_rate", min=1e-4, max=1e-2, scaling=Scaling.LOGARITHMIC)
LAYERS = IntegerRange("layers", min=1, max=4)
OPTIMIZER = CategoricalRange("optimizer", values=["adam", "sgd"])
CHANNELS = ("train", "validation")
STATIC = {"epochs": 10, "hidden": 256}

BEFORE: dict[str, Any] = {"ranges": [RATE, LAYERS, OPTIMIZER], "channels": CHANNELS, "static": STATIC}
WIDER = ContinuousRange("learning_rate", min=1e-4, max=1e-1, scaling=Scaling.LOGARITHMIC)
DROPOUT = ContinuousRange("dropout", min=0.0, max=0.5)
CASES: dict[str, dict[str, Any]] = {
    "Bound": {**BEFORE, "ranges": [WIDER, LAYERS, OPTIMIZER]},
    "Added": {**BEFORE, "ranges": [DROPOUT, RATE, LAYERS, OPTIMIZER]},
    "Static": {**BEFORE, "static": {"epochs": 20, "hidden": 256}},
    "Tags": {**BEFORE, "tags": {"team": "translation"}},
    "Reordered": {
        "ranges": [OPTIMIZER, LAYERS, RATE],
        "channels": tuple(reversed(CHANNELS)),
        "static": dict(reversed(STATIC.items())),
    },
}


def declare(
    scope: cdk.Stack,
    *,
    ranges: Sequence[ParameterRange],
    channels: Sequence[str],
    static: dict[str, str | float],
    tags: dict[str, str] | None = None,
) -> None:
    HyperParameterTuningJob(
        scope,
        "Job",
        objective=Objective.minimize("loss"),
        ranges=ranges,
        resource_limits=ResourceLimits(max_parallel_training_jobs=2, max_number_of_training_jobs=8),
        training_job_definition=TrainingJobDefinition(
            algorithm=CustomAlgorithm("repository/mine:1", metric_definitions={"loss": "loss=([0-9.]+)"}),
            role="arn:aws:iam::123456789012:role/training",
            channels={name: Channel(s3_data_source=S3DataSource(s3_uri=f"s3://{name}")) for name in channels},
            output_data_config=OutputDataConfig(s3_output_path="s3://output"),
            instance_type=InstanceType.ML_M5_LARGE,
            instance_count=1,
            volume_size=cdk.Size.gibibytes(10),
            static_hyper_parameters=static,
        ),
        tags=tags,
    )


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The assemblies before and after; each stack is a case."""
    return before_and_after(tmp_path_factory.mktemp("versions"), declare, BEFORE, CASES)


def diff(versions: tuple[Path, Path], stack: str, home: Path) -> list[str]:
    before, after = versions
    return diff_of(before, after, stack, home)


JOB = "[~] Custom::HyperParameterTuningJob Job Job"
NEW_NAME = ["└─ [~] HyperParameterTuningJobName", "├─ [-] <name>", "└─ [+] <name>"]


def job_lines(lines: list[str]) -> list[str]:
    """The lines without the logical id's hash on the first one."""
    found = without_names(lines, "Job")
    return [JOB if line.startswith(JOB) else line for line in found]


def test_a_changed_bound_is_one_changed_line_that_names_it(versions: tuple[Path, Path], tmp_path: Path) -> None:
    assert job_lines(diff(versions, "Bound", tmp_path)) == [
        JOB,
        "├─ [~] HyperParameterTuningJobConfig",
        "│ └─ [~] .ParameterRanges:",
        "│ └─ [~] .ContinuousParameterRanges:",
        "│ └─ [~] .learning_rate:",
        "│ └─ [~] .MaxValue:",
        "│ ├─ [-] 0.01",
        "│ └─ [+] 0.1",
        *NEW_NAME,
    ]


def test_an_added_hyperparameter_is_one_addition(versions: tuple[Path, Path], tmp_path: Path) -> None:
    assert job_lines(diff(versions, "Added", tmp_path)) == [
        JOB,
        "├─ [~] HyperParameterTuningJobConfig",
        "│ └─ [~] .ParameterRanges:",
        "│ └─ [~] .ContinuousParameterRanges:",
        "│ └─ [+] Added: .dropout",
        *NEW_NAME,
    ]


def test_a_changed_static_hyperparameter_is_named(versions: tuple[Path, Path], tmp_path: Path) -> None:
    lines = job_lines(diff(versions, "Static", tmp_path))
    assert lines[-4:] == ["└─ [~] .StaticHyperParameters:", "└─ [~] .epochs:", "├─ [-] 10", "└─ [+] 20"]
    assert "[~] .hidden" not in " ".join(lines)


def test_tags_change_without_a_new_job(versions: tuple[Path, Path], tmp_path: Path) -> None:
    lines = job_lines(diff(versions, "Tags", tmp_path))
    assert [line for line in lines if "HyperParameterTuningJobName" in line] == []
    assert lines[:2] == [JOB, "└─ [+] Tags"]


def test_another_order_is_no_change(versions: tuple[Path, Path], tmp_path: Path) -> None:
    assert diff(versions, "Reordered", tmp_path) == []
