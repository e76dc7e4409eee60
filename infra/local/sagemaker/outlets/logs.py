"""Training logs in CloudWatch Logs: group /aws/sagemaker/TrainingJobs, stream `<job>/algo-1-<epoch>`."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.local.engine import TuningEngine
from infra.local.engine.records import TERMINAL, Publication, TrainingJob
from infra.local.engine.training.container import HOST

GROUP = "/aws/sagemaker/TrainingJobs"

_THERE, _MISSING = "ResourceAlreadyExistsException", "ResourceNotFoundException"

BATCH_BYTES = 512 << 10
"""Bytes of a log that go out in one request; the service takes 1 MiB with 26 bytes added to each line."""

BATCH_LINES = 5_000
LONGEST_LINE = 200 << 10


class LogPublisher:
    """Puts what training programs print into log streams, as they print it. A job that is run again gets a new stream.

    Args:
        engine: Where the jobs are.
        client: The client of CloudWatch Logs.
    """

    def __init__(self, engine: TuningEngine, client: Callable[[], Any]) -> None:
        self._engine = engine
        self._client = client

    def publish(self, job: TrainingJob, so_far: Publication) -> Publication:
        """Publish what a job's log has beyond `so_far`; how far it is then."""
        folder = self._engine.home.training_jobs / job.name
        while so_far.attempt < job.attempt:  # an earlier attempt has ended: its log was put aside
            so_far = self._publish_file(job, folder / f"log.{so_far.attempt}", so_far, final=True)
            so_far = Publication(job.name, so_far.attempt + 1)
        ended = job.status in TERMINAL
        so_far = self._publish_file(job, folder / "log", so_far, final=ended)
        return replace(so_far, done=ended)

    def _publish_file(self, job: TrainingJob, log: Path, so_far: Publication, *, final: bool) -> Publication:
        try:
            with log.open("rb") as file:
                file.seek(so_far.log_offset)
                for lines, taken in _batches(file.read, final=final):
                    so_far = self._put(job, so_far, lines)
                    so_far = replace(so_far, log_offset=so_far.log_offset + taken)
        except FileNotFoundError:
            pass  # the program was never started
        return so_far

    def _put(self, job: TrainingJob, so_far: Publication, lines: list[str]) -> Publication:
        now = time.time()
        if so_far.stream is None:
            so_far = replace(so_far, stream=f"{job.name}/{HOST}-{int(now)}")
            self._create(so_far.stream)
        events = [{"timestamp": int(now * 1000), "message": line} for line in lines if line]
        if events:
            self._client().put_log_events(logGroupName=GROUP, logStreamName=so_far.stream, logEvents=events)
        return so_far

    def _create(self, stream: str | None) -> None:
        """Make the stream, and the group where it is missing: that is once."""
        names = {"logGroupName": GROUP, "logStreamName": stream}
        if _code_of(lambda: self._client().create_log_stream(**names)) == _MISSING:
            _code_of(lambda: self._client().create_log_group(logGroupName=GROUP))
            _code_of(lambda: self._client().create_log_stream(**names))


def _code_of(create: Callable[[], Any]) -> str | None:
    """Create something that may be there; the error's code where it is, or where its group is missing."""
    try:
        create()
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        if code not in (_THERE, _MISSING):
            raise
        return code
    return None


def _batches(read: Callable[[int], bytes], *, final: bool) -> Iterator[tuple[list[str], int]]:
    """Whole lines, with the bytes that they take; at the end of an ended log also a last line that has no end."""
    pending = b""
    while chunk := read(BATCH_BYTES):
        pending += chunk
        end = max(pending.rfind(b"\n"), pending.rfind(b"\r")) + 1
        if end == 0 and len(pending) > LONGEST_LINE:
            end = len(pending)
        yield from _split(pending[:end])
        pending = pending[end:]
    if final:
        yield from _split(pending)


def _split(text: bytes) -> Iterator[tuple[list[str], int]]:
    lines = re.findall(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
    for start in range(0, len(lines), BATCH_LINES):
        batch = lines[start : start + BATCH_LINES]
        shown = [line.rstrip(b"\r\n")[:LONGEST_LINE].decode(errors="replace") for line in batch]
        yield shown, sum(len(line) for line in batch)
