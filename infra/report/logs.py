"""The logs of training jobs: their last lines, and the learning curve of the objective that stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.report.snapshot import TrainingJob, TuningJobSnapshot, training_definitions

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
TAIL_LINES = 20
JOBS_READ = 100
"""Training jobs whose logs are read at most, two calls each: the best, those with a failure, then the latest."""
LINE_LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class JobLog:
    """What the log of a training job says.

    ``tail`` has its last lines. ``curve`` has the objective's values in the order of their emission, counted from 1.
    """

    tail: tuple[str, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()


def read_logs(
    client: CloudWatchLogsClient, snapshot: TuningJobSnapshot, metric_definitions: Sequence[Mapping[str, Any]] = ()
) -> dict[str, JobLog]:
    """Read the logs of the training jobs, by name; jobs without a log are left out.

    Args:
        client: CloudWatch Logs of the tuning job's account and region.
        snapshot: the tuning job.
        metric_definitions: those of an algorithm that the tuning job's definitions do not repeat.
    """
    patterns = _patterns(snapshot, metric_definitions)
    logs: dict[str, JobLog] = {}
    for job in _chosen(snapshot):
        try:
            messages = _messages(client, job.name)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return logs  # the log group comes with the first log
            raise
        if messages:
            tail = tuple(message[:LINE_LENGTH] for message in messages[-TAIL_LINES:])
            logs[job.name] = JobLog(tail=tail, curve=tuple(enumerate(emitted(messages, patterns), start=1)))
    return logs


def emitted(messages: Iterable[str], patterns: Sequence[re.Pattern[str]]) -> list[float]:
    """Find the values of a metric in log lines, by the first pattern that matches a line."""
    values = []
    for message in messages:
        found = next((match for pattern in patterns if (match := pattern.search(message)) is not None), None)
        if found is None or not found.groups():
            continue
        try:
            values.append(float(found[1]))
        except (TypeError, ValueError):
            continue
    return values


def _patterns(snapshot: TuningJobSnapshot, more: Sequence[Mapping[str, Any]]) -> list[re.Pattern[str]]:
    given = [
        *more,
        *(
            metric
            for definition in training_definitions(snapshot.description)
            for metric in definition.get("AlgorithmSpecification", {}).get("MetricDefinitions", [])
        ),
    ]
    patterns = []
    for text in dict.fromkeys(one["Regex"] for one in given if one["Name"] == snapshot.objective.metric):
        try:
            patterns.append(re.compile(text))
        except re.error:  # another dialect than Python's
            continue
    return patterns


def _chosen(snapshot: TuningJobSnapshot) -> list[TrainingJob]:
    failed = [job for job in snapshot.jobs if job.failure_reason is not None]
    wanted = [*snapshot.compared[: JOBS_READ // 2], *failed[-JOBS_READ // 4 :], *reversed(snapshot.jobs)]
    return list({job.name: job for job in wanted}.values())[:JOBS_READ]


def _messages(client: CloudWatchLogsClient, training_job: str) -> list[str]:
    """Read the last log lines of a training job's first instance, which logs the metrics."""
    found = client.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{training_job}/", limit=50)
    streams = sorted(stream["logStreamName"] for stream in found["logStreams"])
    if not streams:
        return []
    answer = client.get_log_events(logGroupName=LOG_GROUP, logStreamName=streams[0], startFromHead=False, limit=10_000)
    return [event["message"].rstrip("\n") for event in answer["events"]]
