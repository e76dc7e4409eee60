from __future__ import annotations

from pathlib import Path

import pytest

from infra.local import ministack
from infra.local.cdk_cli import exit_code, find_cdk
from infra.local.errors import LocalError


def test_the_projects_own_cli_is_found_from_a_folder_below(tmp_path: Path) -> None:
    script = tmp_path / "node_modules" / "aws-cdk" / "bin" / "cdk"
    script.parent.mkdir(parents=True)
    script.touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_cdk(below) == [str(ministack.node_folder() / "node"), str(script)]


def test_else_the_one_on_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "cdk"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_cdk(tmp_path) == [str(program)]


def test_none_at_all_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError) as caught:
        find_cdk(tmp_path)
    assert str(caught.value) == (
        f"the CDK CLI is neither in node_modules of {tmp_path} or a folder above nor on PATH: "
        "run `make setup`, or `npm install --save-dev aws-cdk@2`"
    )


@pytest.mark.parametrize(("returncode", "code"), [(0, 0), (1, 1), (-2, 130), (-9, 137)])
def test_a_signal_shows_as_in_a_shell(returncode: int, code: int) -> None:
    assert exit_code(returncode) == code
