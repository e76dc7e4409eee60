"""The built wheel works alone: somebody else's stack imports the constructs from it and synthesises."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.integration

SOMEBODYS_APP = ROOT / "tests" / "support" / "somebodys_app.py"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # From a copy: a build leaves folders in its source, where other tests read meanwhile.
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("constructs_lib", "infra"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, "--quiet", str(source)], check=True)
    return next(folder.glob("cdk_tuning-*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and what the wheel requires, nothing else."""
    folder = tmp_path_factory.mktemp("env")
    venv.create(folder, with_pip=False)
    packages = next(folder.glob("lib/python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(packages)
    for dependency in required_by(distribution("cdk-tuning")):
        link(dependency, packages)
    return folder / "bin" / "python"


def required_by(root: Distribution) -> Iterator[Distribution]:
    """The distributions that pip would install beside `root` without any extra."""
    seen: set[str] = set()
    pending = [root]
    while pending:
        for line in pending.pop().requires or []:
            requirement = Requirement(line)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            if requirement.name.lower() not in seen:
                seen.add(requirement.name.lower())
                found = distribution(requirement.name)
                pending.append(found)
                yield found


def link(dependency: Distribution, packages: Path) -> None:
    """Makes an installed distribution importable from another environment without copying hundreds of megabytes."""
    for top in {file.parts[0] for file in dependency.files or [] if file.parts[0] not in ("..", "__pycache__")}:
        source = Path(str(dependency.locate_file(top)))
        target = packages / top
        if target.is_symlink() or target.exists():  # a namespace package, such as aws_cdk: merge what is inside
            merge(source, target)
        else:
            target.symlink_to(source)


def merge(source: Path, target: Path) -> None:
    if target.resolve() == source.resolve() or not source.is_dir():
        return
    target.mkdir(exist_ok=True)
    for child in source.iterdir():
        if not (target / child.name).exists():
            (target / child.name).symlink_to(child)


def test_wheel_holds_what_it_deploys_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "infra/handlers/tuning_job.py" in names
    # What the image is made of, which a stack uploads.
    for name in ("Dockerfile", "requirements.txt", "bin/train", "bin/serve", "serving/app.py"):
        assert f"infra/seq2seq/{name}" in names
    assert "infra/container/program.py" in names
    assert not [
        name for name in names if name.split("/")[0] not in ("constructs_lib", "infra") and "dist-info" not in name
    ]


def test_a_stack_of_somebody_else_synthesises(python: Path, tmp_path: Path) -> None:
    # GIVEN an app that knows the wheel alone
    shutil.copy(SOMEBODYS_APP, tmp_path / "app.py")
    # WHEN
    environment = {**os.environ, "CDK_OUTDIR": str(tmp_path / "cdk.out")}
    environment.pop("PYTHONPATH", None)
    subprocess.run([str(python), "app.py"], cwd=tmp_path, env=environment, check=True, timeout=120)
    # THEN
    template = json.loads((tmp_path / "cdk.out" / "Theirs.template.json").read_text())
    types = [resource["Type"] for resource in template["Resources"].values()]
    assert types.count("Custom::HyperParameterTuningJob") == types.count("Custom::GpuTrainingQuota") == 1
    assert types.count("AWS::S3::Bucket") >= 4


@pytest.mark.parametrize("module", ["torch", "boto3", "optuna"])
def test_constructs_need_no_run_time_library(python: Path, module: str) -> None:
    code = f"import sys, constructs_lib; sys.exit({module!r} in sys.modules)"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    assert subprocess.run([str(python), "-c", code], env=environment, check=False).returncode == 0
