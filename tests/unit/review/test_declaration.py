from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import constructs_lib
from constructs_lib._declaration import Declaration
from infra.review.declaration import DeclarationError, declare
from tests.unit.handlers.requests import request, valid_requests
from tests.unit.review.assemblies import with_changes
from tests.unit.review.declarations import FILE, model

NAME = "HyperParameterTuningJobName"
CONFIG = "HyperParameterTuningJobConfig"


class Captured:
    """Stands for the construct: keeps the request that its props stand for."""

    request: dict[str, Any]

    def __init__(self, scope: cdk.Stack, id: str, *, job_name_prefix: str, **props: Any) -> None:  # noqa: A002
        Captured.request = Declaration(**props).request()


def run(source: str) -> dict[str, Any]:
    """The request that a printed declaration stands for."""
    names: dict[str, Any] = {"__name__": "declared"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constructs_lib, "HyperParameterTuningJob", Captured)
        exec(compile(source, "declared.py", "exec"), names)
        (stack,) = (value for name, value in names.items() if name.endswith("Stack") and name != "Stack")
        stack(None, "Stack")
    return Captured.request


def formatted(source: str) -> str:
    """The source as ruff lays it out."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "120", "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


@settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(valid_requests())
def test_printed_code_declares_the_request_and_is_formatted(given_request: dict[str, Any]) -> None:
    source = declare({**given_request, NAME: "job-1"})
    assert run(source) == given_request
    assert formatted(source) == source


def test_printed_code_is_typed_and_clean(tmp_path: Path) -> None:
    file = tmp_path / "declared.py"
    file.write_text(declare(request()))
    check = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--line-length",
        "120",
        "--select",
        "E,F,I,N,UP,B,A,D100,D101",
    ]
    first_party = ["--config", 'lint.isort.known-first-party=["constructs_lib"]']
    ruff = subprocess.run([*check, *first_party, str(file)], capture_output=True, text=True, check=False)
    assert ruff.returncode == 0, ruff.stdout


def test_a_declaration_reads_like_one_written_by_hand() -> None:
    ranges = {"IntegerParameterRanges": [{"Name": "layers", "MinValue": "1", "MaxValue": "4"}]}
    image = "813361260812.dkr.ecr.eu-central-1.amazonaws.com/seq2seq:1"  # of AWS, so the algorithm is known
    specification = {"TrainingImage": image, "TrainingInputMode": "File"}
    source = declare(request(ranges=ranges, AlgorithmSpecification=specification))
    body = source[source.index("        HyperParameterTuningJob(") :]
    assert body.splitlines()[:9] == [
        "        HyperParameterTuningJob(",
        "            self,",
        '            "TuningJob",',
        '            job_name_prefix="job-0123456789",',
        "            strategy=Strategy.BAYESIAN,",
        "            resource_limits=ResourceLimits(max_parallel_training_jobs=2, max_number_of_training_jobs=8),",
        '            objective=Objective.minimize("validation:perplexity"),',
        '            ranges=[IntegerRange("layers", min=1, max=4)],',
        "            training_job_definition=TrainingJobDefinition(",
    ]
    assert "                algorithm=Seq2Seq(" in body
    assert "                max_runtime=Duration.hours(1)," in body
    assert "                instance_type=InstanceType.ML_G4DN_XLARGE," in body


def test_tags_of_this_library_are_left_out() -> None:
    tags = [{"Key": "tuning-as-code:stack-id", "Value": "a"}, {"Key": "team", "Value": "b"}]
    assert 'tags={"team": "b"}' in declare({**request(), "Tags": tags})


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (f"{CONFIG}/Surprise", 1, f"{CONFIG}.Surprise is not a member of the request"),
        ("TrainingJobDefinition/RoleArn", None, "TrainingJobDefinition.RoleArn must be given, got none"),
        (f"{CONFIG}/Strategy", None, f"{CONFIG}.Strategy must be given, got none"),
        (
            f"{CONFIG}/Strategy",
            "Best",
            f"{CONFIG}.Strategy must be one of Bayesian, Random, Hyperband, Grid, got 'Best'",
        ),
        (
            f"{CONFIG}/ResourceLimits/MaxParallelTrainingJobs",
            "two",
            f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs must be a whole number, got 'two'",
        ),
        (
            "TrainingJobDefinition/InputDataConfig",
            [{"DataSource": {}}],
            "TrainingJobDefinition.InputDataConfig[0].ChannelName must be given, got none",
        ),
        (
            "TrainingJobDefinition/AlgorithmSpecification",
            {"TrainingImage": "a:1"},
            "TrainingJobDefinition.AlgorithmSpecification.TrainingInputMode must be given, got none",
        ),
    ],
)
def test_what_cannot_be_declared_is_named(path: str, value: Any, message: str) -> None:
    with pytest.raises(DeclarationError) as error:
        declare(with_changes(request(), (path, value)))
    assert str(error.value) == message


def test_the_props_are_those_of_the_constructs() -> None:
    written = json.loads(FILE.read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(model())), "run tests/unit/review/declarations.py to write it anew"
