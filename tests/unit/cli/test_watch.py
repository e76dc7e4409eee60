from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import typer
from botocore.stub import Stubber
from typer.testing import CliRunner, Result

from infra.cli import session
from infra.cli.errors import UserError
from infra.cli.watch import watch
from tests.unit.report.factory import add_reading, description, stubbed, training_job

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


@pytest.fixture
def client() -> Iterator[tuple[SageMakerClient, Stubber]]:
    with stubbed() as answering:
        yield answering


@pytest.fixture
def stubber(client: tuple[SageMakerClient, Stubber], monkeypatch: pytest.MonkeyPatch) -> Stubber:
    monkeypatch.setattr(session, "client", lambda service, *, local=False: client[0])
    return client[1]


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(watch)
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(("status", "code"), [("Completed", 0), ("Failed", 1), ("Stopped", 1)])
def test_exit_code_says_how_the_tuning_job_ended(stubber: Stubber, status: str, code: int) -> None:
    add_reading(stubber, description(status="InProgress"), [training_job(1, status="InProgress")])
    add_reading(stubber, description(status=status), [training_job(1, 5.0)])
    result = run("seq2seq-3f9c2a", "--interval", "0.1")
    assert result.exit_code == code
    assert "job 1 completed: validation:perplexity 5 (best so far), after 50s" in result.output


def test_no_follow_shows_a_running_job_once(stubber: Stubber) -> None:
    add_reading(stubber, description(status="InProgress"), [training_job(1, 5.0)])
    result = run("seq2seq-3f9c2a", "--no-follow")
    assert result.exit_code == 0
    assert "★ 1  Completed" in result.output


def test_interrupt_leaves_the_tuning_job_running(stubber: Stubber, client: tuple[SageMakerClient, Stubber]) -> None:
    def interrupt_soon(**_: object) -> None:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    client[0].meta.events.register("after-call.sagemaker.ListTrainingJobsForHyperParameterTuningJob", interrupt_soon)
    add_reading(stubber, description(status="InProgress"), [training_job(1, 5.0)])
    result = run("seq2seq-3f9c2a")
    assert result.exit_code == 130
    assert result.output.splitlines()[-1] == "stopped watching; tuning job seq2seq-3f9c2a goes on"


def test_a_missing_tuning_job_is_the_users_to_mend(stubber: Stubber) -> None:
    stubber.add_client_error("describe_hyper_parameter_tuning_job", "ResourceNotFound")
    stubber.add_response("list_hyper_parameter_tuning_jobs", {"HyperParameterTuningJobSummaries": []})
    stubber.add_response("list_hyper_parameter_tuning_jobs", {"HyperParameterTuningJobSummaries": []})
    error = run("nowhere").exception
    assert isinstance(error, UserError)
    assert str(error) == (
        "no tuning job named 'nowhere' in this account and region: there is no tuning job with a similar name"
    )


def test_a_refusal_is_one_line(stubber: Stubber) -> None:
    stubber.add_client_error("describe_hyper_parameter_tuning_job", "AccessDeniedException", "not authorized")
    error = run("seq2seq-3f9c2a").exception
    assert isinstance(error, UserError)
    assert str(error) == "DescribeHyperParameterTuningJob was refused: not authorized (AccessDeniedException)"
