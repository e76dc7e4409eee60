from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console

from infra.report import TuningJobSnapshot
from infra.report.following import changes, follow
from tests.unit.report.factory import snapshot, training_job

STARTED = training_job(1, status="InProgress")
FIRST = snapshot([STARTED], status="InProgress", current={0: 20.0})
SECOND = snapshot(
    [training_job(1, 10.0), training_job(2, status="InProgress"), training_job(3, status="InProgress")],
    status="InProgress",
)
LAST = snapshot(
    [training_job(1, 10.0), training_job(2, status="Failed", failure="out of memory\nat line 3"), training_job(3, 4.0)]
)


def followed(*, terminal: bool, snapshots: list[TuningJobSnapshot]) -> tuple[str, list[float], TuningJobSnapshot]:
    """Follow the snapshots one by one; returns the output, the waits and what follow returned."""
    waits: list[float] = []
    readings: Iterator[TuningJobSnapshot] = iter(snapshots)
    console = Console(width=100, height=30, file=io.StringIO(), force_terminal=terminal, color_system=None)
    last = follow(lambda: next(readings), console, interval=7.0, sleep=waits.append)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue(), waits, last


def test_outside_a_terminal_each_change_is_a_line() -> None:
    output, waits, last = followed(terminal=False, snapshots=[FIRST, FIRST, SECOND, LAST])
    assert last is LAST
    assert waits == [7.0, 7.0, 7.0]
    told = [line[9:] for line in output.splitlines() if line[2:3] == ":"]
    assert told == [
        "job 1 started: num_layers=2, learning_rate=0.00013, optimizer_type=adam",
        "job 1 completed: validation:perplexity 10 (best so far), after 50s",
        "job 2 started: num_layers=2, learning_rate=0.000169, optimizer_type=adam",
        "job 3 started: num_layers=2, learning_rate=0.0002197, optimizer_type=adam",
        "job 2 failed: out of memory, after 50s",
        "job 3 completed: validation:perplexity 4 (best so far), after 50s",
    ]
    assert "\x1b" not in output


def test_on_a_terminal_the_last_table_stays() -> None:
    output, waits, last = followed(terminal=True, snapshots=[FIRST, SECOND, LAST])
    assert last is LAST
    assert waits == [7.0, 7.0]
    final = output.rsplit("seq2seq-3f9c2a  Completed", maxsplit=1)[1]
    assert "★ 3  Completed" in final
    assert "job 2 failed: out of memory" in final


def test_a_finished_tuning_job_is_shown_without_waiting() -> None:
    for terminal in (True, False):
        output, waits, _ = followed(terminal=terminal, snapshots=[LAST])
        assert waits == []
        assert "best 4 by job 3" in output


def test_no_change_no_line() -> None:
    assert changes(SECOND, SECOND) == []
