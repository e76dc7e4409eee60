from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.local.home import Home
from infra.local.processes import identify
from infra.local.state import LocalState, write_state

HEAVY = ("aws_cdk", "boto3", "botocore", "numpy", "optuna", "starlette", "torch", "psutil")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TUNING_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


def running(home: Home) -> Home:
    """A home whose two parts seem to run: this process stands for both."""
    myself = identify(psutil.Process(os.getpid()))
    write_state(home.create(), LocalState("us-east-1", 20001, 20002, ministack=myself, endpoint=myself))
    return home


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_help_names_all_commands_and_imports_none_of_them() -> None:
    program = (
        "import sys\nfrom infra.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    for name in ("demo", "local", "report", "seq2seq", "watch"):
        assert f" {name} " in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_mistyped_command_gets_a_suggestion() -> None:
    code, _, err = run("locl")
    assert code == 2
    assert "Did you mean 'local'?" in err


@pytest.mark.parametrize("command", [["env"], ["cdk", "--", "diff"]])
def test_commands_that_need_a_running_local_aws_say_so(home: Home, command: list[str]) -> None:
    code, out, err = run("local", *command)
    assert (code, out) == (1, "")
    assert err == f"no local AWS is running in {home.path}: start it with `tuning local up`\n"
    assert not home.path.exists()


def test_env_can_be_evaluated_by_a_shell(home: Home) -> None:
    code, out, _ = run("local", "env", "--home", str(running(home).path))
    assert code == 0
    script = f'{out}\necho "$AWS_ENDPOINT_URL $AWS_ENDPOINT_URL_SAGEMAKER ${{AWS_PROFILE-unset}} $TUNING_HOME"'
    environ = {**os.environ, "AWS_PROFILE": "production"}
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout == f"http://127.0.0.1:20001 http://127.0.0.1:20002 unset {home.path}\n"


def test_env_as_json(home: Home) -> None:
    code, out, _ = run("local", "env", "--json", "--home", str(running(home).path))
    assert code == 0
    assert json.loads(out)["AWS_ENDPOINT_URL_SERVICE_QUOTAS"] == "http://127.0.0.1:20002"


def test_env_unsets_what_leads_elsewhere(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://elsewhere")
    running(home)
    _, out, _ = run("local", "env")
    assert "AWS_ENDPOINT_URL_S3" in out.splitlines()[0].split()


def test_a_status_of_nothing(home: Home) -> None:
    code, out, _ = run("local", "status")
    assert code == 1
    assert out.count("down") == 2
    assert not home.path.exists()


def test_down_without_anything_running(home: Home) -> None:
    assert run("local", "down") == (0, "no local AWS was running\n", "")


def test_reset_asks_and_leaves_everything_at_no(home: Home) -> None:
    home.create()
    result = CliRunner().invoke(app, ["local", "reset"], input="n\n")
    assert result.exit_code == 1
    assert home.exists


def test_reset_deletes_the_home(home: Home) -> None:
    (home.create().training_jobs / "job").mkdir()
    assert run("local", "reset", "--yes") == (0, f"{home.path} is deleted\n", "")
    assert not home.path.exists()
    assert run("local", "reset", "--yes") == (0, f"{home.path} does not exist: nothing to delete\n", "")


def test_reset_never_deletes_another_folder(home: Home) -> None:
    (home.path / "precious").mkdir(parents=True)
    assert run("local", "reset", "--yes") == (
        1,
        "",
        f"{home.path} is not the state of a local AWS (it has no .tuning-home): left as it is\n",
    )
    assert (home.path / "precious").is_dir()


def test_up_on_other_ports_than_those_in_use_is_refused(home: Home) -> None:
    running(home)
    assert run("local", "up", "--port", "20009") == (
        1,
        "",
        "the local AWS already runs on port 20001, not 20009: run `tuning local down` first\n",
    )
