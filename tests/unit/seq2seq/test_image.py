"""The image's layout, checked without a Docker engine: its Dockerfile is followed in a folder."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[3]
CONTEXT = ROOT / "infra"
DOCKERFILE = (CONTEXT / "seq2seq/Dockerfile").read_text().replace("\\\n", " ")


def _instructions(name: str) -> list[list[str]]:
    lines = [shlex.split(line, comments=True) for line in DOCKERFILE.splitlines()]
    return [line[1:] for line in lines if line and line[0] == name]


def _copies() -> list[tuple[list[str], str]]:
    """Sources and destination of each COPY."""
    words = [[word for word in line if not word.startswith("--")] for line in _instructions("COPY")]
    return [(line[:-1], line[-1]) for line in words]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's file system above its base, as far as COPY makes it."""
    root = tmp_path_factory.mktemp("image")
    ((folder,),) = _instructions("WORKDIR")
    for sources, destination in _copies():
        for source in sources:
            target = root / (Path(folder) / destination).relative_to("/")
            if (CONTEXT / source).is_dir():
                shutil.copytree(CONTEXT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
                continue
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(CONTEXT / source, target)
            (target / Path(source).name).chmod(0o755)
    return root


@pytest.mark.parametrize("path", [source for sources, _ in _copies() for source in sources])
def test_what_is_copied_is_there_and_reaches_the_engine(path: str) -> None:
    assert (CONTEXT / path).exists()
    allowed = (CONTEXT / "seq2seq/Dockerfile.dockerignore").read_text().splitlines()
    assert any(path == rule[1:] or path.startswith(f"{rule[1:]}/") for rule in allowed if rule.startswith("!"))


def test_the_image_does_not_run_as_root_and_is_of_the_projects_python() -> None:
    assert _instructions("USER") == [["algorithm"]]
    assert _instructions("FROM") == [["${REGISTRY}python:${PYTHON_VERSION}-slim-bookworm"]]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [f"PYTHON_VERSION={project['requires-python'].removeprefix('>=')}"] in _instructions("ARG")


def test_everything_that_is_installed_is_pinned_to_the_tested_version_and_is_what_the_extra_needs() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    # The progress bar is the command line's.
    declared = {re.split(r"[<>=]", requirement)[0] for requirement in extras["seq2seq"]} - {"tqdm"}
    lines = (CONTEXT / "seq2seq/requirements.txt").read_text().splitlines()
    installed = [line for line in lines if not line.startswith("#")]
    assert {line.split("==")[0].lower() for line in installed} == _closure(declared)
    assert set(installed) <= set((ROOT / "constraints.txt").read_text().splitlines())


def _closure(names: set[str]) -> set[str]:
    """What pip installs for some distributions, themselves included."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            requirements = [Requirement(line) for line in distribution(name).requires or []]
            pending += [
                each.name.lower() for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})
            ]
    return {distribution(name).name.lower() for name in found}


@pytest.mark.parametrize("command", ["train", "serve"])
def test_an_entry_point_is_the_program_that_runs_locally(image: Path, tmp_path: Path, command: str) -> None:
    program = tmp_path / "python"
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    path = f"{image}/usr/local/bin:{tmp_path}:{os.environ['PATH']}"
    result = subprocess.run([command], env={"PATH": path}, capture_output=True, text=True, check=True)
    assert result.stdout == f"-m infra.seq2seq {command}\n"


def test_the_check_of_the_build_passes_on_the_files_of_the_image_alone(image: Path, tmp_path: Path) -> None:
    (check,) = [line for line in _instructions("RUN") if line[0] == "python"]
    (variables,) = [dict(word.split("=", 1) for word in line) for line in _instructions("ENV")]
    program = image / variables["PYTHONPATH"].lstrip("/")
    code = f"{check[2]}; import infra; assert infra.__file__ == {str(program / 'infra/__init__.py')!r}, infra.__file__"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(program), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, check=True)
