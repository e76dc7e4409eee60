"""The image's layout, checked without a Docker engine."""

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "infra/seq2seq/Dockerfile").read_text().replace("\\\n", " ")


def _instructions(name: str) -> list[list[str]]:
    lines = [shlex.split(line, comments=True) for line in DOCKERFILE.splitlines()]
    return [line[1:] for line in lines if line and line[0] == name]


def _copied() -> list[str]:
    words = [[word for word in line if not word.startswith("--")] for line in _instructions("COPY")]
    return [source for line in words for source in line[:-1]]


@pytest.mark.parametrize("path", _copied())
def test_what_is_copied_is_there_and_reaches_the_engine(path: str) -> None:
    assert (ROOT / path).exists()
    allowed = (ROOT / "infra/seq2seq/Dockerfile.dockerignore").read_text().splitlines()
    assert any(path == rule[1:] or path.startswith(f"{rule[1:]}/") for rule in allowed if rule.startswith("!"))


def test_the_image_does_not_run_as_root_and_is_of_the_projects_python() -> None:
    assert _instructions("USER") == [["algorithm"]]
    assert _instructions("FROM") == [["python:${PYTHON_VERSION}-slim-bookworm"]]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [f"PYTHON_VERSION={project['requires-python'].removeprefix('>=')}"] in _instructions("ARG")


def test_everything_that_is_installed_is_pinned_and_is_what_the_extra_names() -> None:
    pinned = {line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    lines = (ROOT / "infra/seq2seq/requirements.txt").read_text().splitlines()
    installed = {line for line in lines if line and not line.startswith("#")} | {"torch"}
    assert installed <= pinned
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    declared = {re.split(r"[<>=]", requirement)[0] for requirement in extras["seq2seq"]}
    # The progress bar is the command line's.
    assert declared - installed == {"tqdm"}


def test_the_entry_point_is_the_program_that_runs_locally(tmp_path: Path) -> None:
    script = ROOT / "infra/seq2seq/bin/train"
    assert os.access(script, os.X_OK)
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    result = subprocess.run([script], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout == "-m infra.seq2seq train\n"
