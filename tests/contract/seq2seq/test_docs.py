"""The examples of docs/seq2seq.md, run."""

from __future__ import annotations

import gc
import json
import os
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.seq2seq.hyperparameters import HyperParameters
from infra.seq2seq.metric_lines import METRIC_DEFINITIONS
from infra.seq2seq.precision import Precision
from tests.unit.seq2seq.tiny import write_text

from .server import JSON, JSONLINES, Server

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
BLOCKS: list[tuple[str, str]] = re.findall(
    r"^```(.+?)\n(.*?)^```", (ROOT / "docs/seq2seq.md").read_text(), re.MULTILINE | re.DOTALL
)


def _block(kind: str) -> str:
    (text,) = [text for name, text in BLOCKS if name == kind]
    return text


def _command(words: str) -> list[str]:
    """The arguments of the shell example that starts so."""
    (text,) = [text for name, text in BLOCKS if name == "sh" and text.startswith(f"tuning {words} ")]
    return shlex.split(text)[1:]


def test_text_becomes_channels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path)
    assert CliRunner().invoke(app, _command("seq2seq prepare")).exit_code == 0
    made = {str(path.relative_to(tmp_path / "data")) for path in (tmp_path / "data").rglob("*.*")}
    assert made == {"train/train.rec", "validation/val.rec", "vocab/vocab.src.json", "vocab/vocab.trg.json"}


def test_the_hyperparameters_are_taken_and_the_metric_lines_are_matched() -> None:
    HyperParameters.parse(json.loads(_block("json hyperparameters")))
    lines = _block("text metrics")
    missing = [name for name, regex in METRIC_DEFINITIONS if not re.search(regex, lines)]
    assert missing == []


def test_the_environment_is_taken() -> None:
    names: dict[str, dict[str, str]] = {}
    exec(_block("python environment"), names)
    assert Precision.from_environment(names["environment"]) is Precision.BFLOAT16


def test_the_shell_translates(model_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.tar.gz").symlink_to(model_base / "model")  # a folder will do as well
    result = CliRunner().invoke(app, _command("seq2seq translate"))
    assert result.stdout == _block("text answer")


@pytest.mark.parametrize(("kind", "media_type"), [("json", JSON), ("jsonlines", JSONLINES)])
def test_requests_are_answered_so(server: Server, kind: str, media_type: str) -> None:
    answer = server.invoke(_block(f"{kind} request").removesuffix("\n"), media_type)
    assert answer.body.decode().removesuffix("\n") == _block(f"{kind} answer").removesuffix("\n")


def test_errors_are_worded_so(server: Server) -> None:
    assert server.invoke(_block("json bad-request")).json == json.loads(_block("json error"))


def test_the_recordio_example_prints_translations(
    server: Server, model_base: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(model_base / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # an example may leave closing to the end of its process
        exec(_block("python recordio").replace(":8080", f":{server.port}"), {})
        gc.collect()
    assert capsys.readouterr().out == "A B C\nF E\n"


def test_the_stack_synthesises(tmp_path: Path) -> None:
    # In a process of its own: CDK's engine reads its environment once.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", _block("python stack")], cwd=tmp_path, env=environment, check=True)
    types = [each["Type"] for each in json.loads((tmp_path / "Image.template.json").read_text())["Resources"].values()]
    assert types.count("Custom::ImageBuild") == types.count("AWS::CodeBuild::Project") == 1
