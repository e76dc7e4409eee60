from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from infra.report.logs import LOG_GROUP, emitted, read_logs
from infra.report.page import read_report
from tests.unit.report.factory import (
    METRIC,
    add_reading,
    described_training_job,
    description,
    snapshot,
    stubbed,
    training_job,
)

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

DEFINITIONS = [{"Name": METRIC, "Regex": r"perplexity=(\S+)"}, {"Name": "other", "Regex": "(.*)"}]
FIRST = "seq2seq-3f9c2a-001-00000001"


@pytest.fixture
def answering() -> Iterator[tuple[CloudWatchLogsClient, Stubber]]:
    client = boto3.client("logs", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(client) as stubber:
        yield client, stubber
        stubber.assert_no_pending_responses()


def add_log(stubber: Stubber, job: str, messages: list[str]) -> None:
    stream = f"{job}/algo-1-1700000000"
    streams = {"logStreams": [{"logStreamName": f"{job}/algo-2-1700000000"}, {"logStreamName": stream}]}
    stubber.add_response(
        "describe_log_streams", streams, {"logGroupName": LOG_GROUP, "logStreamNamePrefix": f"{job}/", "limit": 50}
    )
    stubber.add_response(
        "get_log_events",
        {"events": [{"timestamp": 1, "message": message, "ingestionTime": 1} for message in messages]},
        {"logGroupName": LOG_GROUP, "logStreamName": stream, "startFromHead": False, "limit": 10_000},
    )


def test_tail_and_curve_of_a_log(answering: tuple[CloudWatchLogsClient, Stubber]) -> None:
    client, stubber = answering
    add_log(stubber, FIRST, [f"epoch {epoch} perplexity={30 - epoch}\n" for epoch in range(25)] + ["done"])
    log = read_logs(client, snapshot([training_job(1, 6.0)]), DEFINITIONS)[FIRST]
    assert log.curve[:2] == ((1, 30.0), (2, 29.0))
    assert len(log.curve) == 25
    assert (log.tail[0], log.tail[-1], len(log.tail)) == ("epoch 6 perplexity=24", "done", 20)


def test_no_log_group_yet(answering: tuple[CloudWatchLogsClient, Stubber]) -> None:
    client, stubber = answering
    stubber.add_client_error("describe_log_streams", "ResourceNotFoundException")
    assert read_logs(client, snapshot([training_job(1, 6.0), training_job(2, 7.0)]), DEFINITIONS) == {}


def test_a_refusal_is_an_error(answering: tuple[CloudWatchLogsClient, Stubber]) -> None:
    client, stubber = answering
    stubber.add_client_error("describe_log_streams", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        read_logs(client, snapshot([training_job(1, 6.0)]), DEFINITIONS)


def test_lines_without_a_number_are_no_emission() -> None:
    lines = ["x=1", "x=", "x=abc", "no", "x=nan", "x=1e-3"]
    values = emitted(lines, [re.compile(r"x=(\S*)")])
    assert (values[0], values[2], len(values)) == (1.0, 0.001, 3)
    assert emitted(lines, [re.compile("x=.*")]) == []


@pytest.mark.parametrize("code", [None, "AccessDeniedException"])
def test_the_report_has_logs_or_says_why_not(answering: tuple[CloudWatchLogsClient, Stubber], code: str | None) -> None:
    logs_client, logs_stubber = answering
    if code is None:
        add_log(logs_stubber, FIRST, ["perplexity=9 <b>", "perplexity=5"])
    else:
        logs_stubber.add_client_error("describe_log_streams", code, "not authorized")
    with stubbed() as (client, stubber):
        add_reading(stubber, description(), [training_job(1, 5.0)])
        algorithm = {"TrainingInputMode": "File", "MetricDefinitions": DEFINITIONS}
        stubber.add_response("describe_training_job", described_training_job(FIRST, AlgorithmSpecification=algorithm))
        report = read_report(client, "seq2seq-3f9c2a", logs_client=logs_client)
    html = report.html()
    if code is None:
        assert "perplexity=9 &lt;b&gt;\nperplexity=5" in html
        assert [row["value"] for row in report.datasets()["curves"]] == [9.0, 5.0]
        assert 'id="chart-curves"' in html
    else:
        assert "The logs could not be read: An error occurred (AccessDeniedException)" in html
        assert 'id="chart-curves"' not in html
