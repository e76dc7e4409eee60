from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.home import Home, local_region


def test_the_home_is_below_the_current_folder_or_where_the_user_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Home.default({}) == Home(tmp_path / ".tuning")
    assert Home.default({"TUNING_HOME": ""}) == Home(tmp_path / ".tuning")
    assert Home.default({"TUNING_HOME": "/elsewhere"}) == Home(Path("/elsewhere"))
    assert Home.default({"TUNING_HOME": "here"}) == Home(tmp_path / "here")


def test_looking_leaves_no_trace_and_creating_marks_the_folder(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    assert not home.exists
    assert not home.path.exists()
    assert home.create().exists
    assert home.create().training_jobs.is_dir()


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({}, "us-east-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-2"),
    ],
)
def test_the_region_is_the_users(environ: dict[str, str], region: str) -> None:
    assert local_region(environ) == region
