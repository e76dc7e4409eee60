from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import typer
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from infra.cli import session
from infra.cli.errors import UserError
from infra.cli.report import report
from tests.unit.report.factory import add_reading, described_training_job, description, stubbed, training_job


@pytest.fixture
def stubber(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    with stubbed() as (client, stubber):
        logs = boto3.client("logs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        logs_stubber = Stubber(logs)
        logs_stubber.add_client_error("describe_log_streams", "ResourceNotFoundException")
        logs_stubber.activate()
        clients: dict[str, Any] = {"sagemaker": client, "logs": logs}
        monkeypatch.setattr(session, "client", lambda service, *, local=False: clients[service])
        add_reading(stubber, description(), [training_job(1, 5.0)])
        stubber.add_response("describe_training_job", described_training_job("seq2seq-3f9c2a-001-00000001"))
        yield stubber


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(report)
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.usefixtures("stubber")
def test_writes_page_and_picture(tmp_path: Path) -> None:
    page, png = tmp_path / "new" / "page.html", tmp_path / "charts.png"
    result = run("seq2seq-3f9c2a", "--output", str(page), "--png", str(png))
    assert result.exit_code == 0, result.exception
    assert result.output.splitlines() == [f"wrote {page}", f"wrote {png}"]
    assert "seq2seq-3f9c2a-001-00000001" in page.read_text(encoding="utf-8")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["charts.png", "new", "page.html"]


@pytest.mark.usefixtures("stubber")
def test_the_page_is_named_after_the_tuning_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("seq2seq-3f9c2a")
    assert result.exit_code == 0, result.exception
    assert [path.name for path in tmp_path.iterdir()] == ["tuning-report-seq2seq-3f9c2a.html"]


@pytest.mark.usefixtures("stubber")
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = run("seq2seq-3f9c2a", "--output", str(tmp_path / "file" / "page.html")).exception
    assert isinstance(error, UserError)
    assert str(error) == f"cannot write {tmp_path}/file/page.html: File exists"
