"""The workflows of continuous integration: few rights, no keys, commands that exist."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RIGHTS = {"contents": "read", "pull-requests": "write", "id-token": "write"}


def workflow(file: Path) -> dict[str, Any]:
    loaded: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in loaded.items()}  # YAML 1.1 reads "on" as true


def jobs() -> list[Any]:
    return [
        pytest.param(job, id=f"{file.stem}-{name}") for file in FILES for name, job in workflow(file)["jobs"].items()
    ]


def steps(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from job["steps"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_right_is_given_to_all_jobs_and_no_secret_is_used(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert workflow(file)["permissions"] == {}
    assert "secrets." not in text
    assert not re.search(r"AKIA|aws-access-key-id|AWS_SECRET", text)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_runs_do_not_interleave(file: Path) -> None:
    concurrency = workflow(file)["concurrency"]
    # A deployment that is cancelled half-way goes on in CloudFormation, so it must end before the next one starts.
    assert concurrency["cancel-in-progress"] is (file.stem != "deploy")
    assert ("github" in concurrency["group"]) is (file.stem != "deploy")


@pytest.mark.parametrize("job", jobs())
def test_a_job_has_the_rights_that_it_names_and_an_end(job: dict[str, Any]) -> None:
    assert job["permissions"].items() <= RIGHTS.items()
    assert 0 < job["timeout-minutes"] <= 90


@pytest.mark.parametrize("job", jobs())
def test_actions_have_a_version(job: dict[str, Any]) -> None:
    for step in steps(job):
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|[0-9a-f]{40})", step["uses"])


@pytest.mark.parametrize("job", jobs())
def test_checked_out_code_gets_no_credentials_of_the_repository(job: dict[str, Any]) -> None:
    for step in steps(job):
        if str(step.get("uses")).startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("job", jobs())
def test_commands_hold_no_expressions_that_others_may_fill(job: dict[str, Any]) -> None:
    # What stands in a title or a branch's name would be run: such values come as environment variables only.
    assert not [step for step in steps(job) if "${{" in step.get("run", "")]


def test_every_make_target_exists() -> None:
    text = "\n".join(
        step["run"] for file in FILES for job in workflow(file)["jobs"].values() for step in steps(job) if "run" in step
    )
    used = set(re.findall(r"\bmake (?:--\w+ )*([a-z-]+)", text))
    assert used == {"deploy", "diff", "plan", "setup", "synth", "test"}
    for target in used:
        known = subprocess.run(
            ["make", "--dry-run", "--question", target], cwd=ROOT, check=False, capture_output=True, text=True
        )
        assert "No rule to make target" not in known.stderr


def test_a_job_that_may_write_runs_nothing_of_the_pull_request() -> None:
    found = workflow(ROOT / ".github" / "workflows" / "pull-request.yml")["jobs"]
    writing = {name: job for name, job in found.items() if "write" in job["permissions"].values()}
    assert list(writing) == ["comment"]
    assert not [step for step in steps(writing["comment"]) if str(step.get("uses")).startswith("actions/checkout")]
    assert not [step for step in steps(writing["comment"]) if "make" in step.get("run", "")]


def test_deployments_assume_a_role_by_identity_and_only_from_main() -> None:
    deploy = workflow(ROOT / ".github" / "workflows" / "deploy.yml")
    assert deploy["on"] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    job = deploy["jobs"]["deploy"]
    assert job["needs"] == "test"
    assert job["permissions"] == {"contents": "read", "id-token": "write"}
    (assume,) = (step for step in steps(job) if "configure-aws-credentials" in str(step.get("uses")))
    assert assume["with"]["role-to-assume"] == "${{ vars.AWS_DEPLOY_ROLE_ARN }}"
    assert set(assume["with"]) == {"role-to-assume", "role-session-name", "aws-region"}
    # The code of dependencies runs before there are credentials.
    order = [step.get("run", step.get("uses")) for step in steps(job)]
    assert order.index("make setup") < order.index(assume["uses"]) < order.index("make deploy")
