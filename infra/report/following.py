"""Following a tuning job to its end: a live table on a terminal, a line per change elsewhere."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from infra.report import wording
from infra.report.snapshot import TrainingJob, TuningJobSnapshot
from infra.report.table import FAILURES_SHOWN, header, view

HEADER_LINES = 11
"""Lines that the live display needs besides the rows of the table: header, headings and notes."""


def follow(
    read: Callable[[], TuningJobSnapshot],
    console: Console,
    *,
    interval: float,
    sleep: Callable[[float], None] = time.sleep,
) -> TuningJobSnapshot:
    """Show a tuning job until it ends, and return its last state.

    Args:
        read: reads the tuning job anew.
        console: where to show it; the display is live if this is a terminal.
        interval: seconds between two readings.
        sleep: waits for so many seconds.
    """
    return (
        _follow_live(read, console, interval, sleep)
        if console.is_terminal
        else _follow_lines(read, console, interval, sleep)
    )


def changes(before: TuningJobSnapshot | None, after: TuningJobSnapshot) -> list[str]:
    """Say what happened to the training jobs between two readings, one line each, in the order of their numbers."""
    known = {job.name: job.status for job in before.jobs} if before is not None else {}
    return [_change(job, after) for job in after.jobs if known.get(job.name) != job.status]


def _change(job: TrainingJob, snapshot: TuningJobSnapshot) -> str:
    if job.status == "InProgress":
        values = ", ".join(f"{name}={wording.value(given)}" for name, given in job.hyperparameters.items())
        return f"job {job.number} started" + (f": {values}" if values else "")
    parts = []
    if job.objective is not None and job.objective_final:
        mark = " (best so far)" if snapshot.best is not None and snapshot.best.name == job.name else ""
        parts.append(f"{snapshot.objective.metric} {wording.number(job.objective)}{mark}")
    if job.failure_reason is not None:
        parts.append(wording.value(next(iter(job.failure_reason.strip().splitlines()), "")))
    parts.append(f"after {wording.duration(job.elapsed(snapshot.taken))}")
    return f"job {job.number} {job.status.lower()}: {', '.join(parts)}"


def _follow_lines(
    read: Callable[[], TuningJobSnapshot], console: Console, interval: float, sleep: Callable[[float], None]
) -> TuningJobSnapshot:
    before, snapshot = None, read()
    console.print(header(snapshot), soft_wrap=True)
    while True:
        for line in changes(before, snapshot):
            clock = snapshot.taken.astimezone().strftime("%H:%M:%S")
            console.print(Text(f"{clock} {line}"), soft_wrap=True)
        if not snapshot.running:
            console.print(header(snapshot), soft_wrap=True)
            return snapshot
        sleep(interval)
        before, snapshot = snapshot, read()


def _follow_live(
    read: Callable[[], TuningJobSnapshot], console: Console, interval: float, sleep: Callable[[float], None]
) -> TuningJobSnapshot:
    shown = read()
    curves: dict[str, list[float]] = {}

    def current() -> RenderableType:
        # Between two readings only the clock goes on.
        ticking = dataclasses.replace(shown, taken=datetime.now(UTC)) if shown.running else shown
        rows = max(console.height - HEADER_LINES - FAILURES_SHOWN, 3)
        return view(ticking, width=console.width, rows=rows, curves=curves if shown.running else None)

    with Live(get_renderable=current, console=console, refresh_per_second=1, transient=True):
        while shown.running:
            for job in shown.jobs:
                _remember(curves, job)
            sleep(interval)
            shown = read()
    console.print(view(shown, width=console.width))
    return shown


def _remember(curves: dict[str, list[float]], job: TrainingJob) -> None:
    """Keep the objectives of a running training job as they change."""
    if job.objective is None or job.status != "InProgress":
        return
    seen = curves.setdefault(job.name, [])
    if not seen or seen[-1] != job.objective:
        seen.append(job.objective)
