from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra.cli import app
from infra.review import request_of
from tests.unit.review.assemblies import properties, write_assembly


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["request", *arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    jobs = {
        "Tuning/Job": properties(("TrainingJobDefinition/RoleArn", {"Fn::GetAtt": ["Role", "Arn"]})),
        "Tuning/Other": properties(("HyperParameterTuningJobConfig/RandomSeed", "0")),
    }
    return write_assembly(tmp_path / "cdk.out", jobs)


def test_json_is_keyed_by_construct_path(folder: Path) -> None:
    printed = json.loads(run("--json").output)
    assert list(printed) == ["Tuning/Job", "Tuning/Other"]
    assert printed["Tuning/Job"]["TrainingJobDefinition"]["RoleArn"] == {"Fn::GetAtt": ["Role", "Arn"]}
    assert printed["Tuning/Other"] == request_of(properties(("HyperParameterTuningJobConfig/RandomSeed", 0)))


def test_one_job_can_be_chosen(folder: Path) -> None:
    assert list(json.loads(run("cdk.out", "Tuning/Other", "--json").output)) == ["Tuning/Other"]
    result = run("cdk.out", "Tuning/None")
    assert (result.exit_code, result.stderr) == (
        1,
        "no tuning job or solution at Tuning/None; there is Tuning/Job, Tuning/Other\n",
    )


def test_text_is_an_outline_of_each_job(folder: Path) -> None:
    lines = run().output.splitlines()
    assert [line for line in lines if line and not line.startswith(" ")] == ["Tuning/Job", "Tuning/Other"]
    assert "    RoleArn: (GetAtt Role.Arn)" in lines
    assert "        - Name: learning_rate" in lines


def test_properties_that_are_no_request_are_named(tmp_path: Path) -> None:
    wrong = write_assembly(tmp_path / "wrong", {"Tuning/Job": properties(("Surprise", 1))})
    result = run(str(wrong))
    assert (result.exit_code, result.stderr) == (1, "Tuning/Job: Surprise is not a member of the request\n")


def test_an_assembly_without_jobs_says_so(tmp_path: Path) -> None:
    empty = write_assembly(tmp_path / "empty", {})
    assert run(str(empty)).output == f"no tuning jobs or solutions in {empty}\n"
    assert json.loads(run(str(empty), "--json").output) == {}
