from __future__ import annotations

import io
import math

import pytest
from rich.cells import cell_len
from rich.console import Console

from infra.report import TuningJobSnapshot
from infra.report.table import heading_lines, sparkline, view, visible_jobs
from tests.unit.report.factory import snapshot, training_job


def read_off(job: TuningJobSnapshot, *, width: int = 100, rows: int | None = None) -> list[str]:
    """What a person reads on a terminal of that width, without the space at the ends of lines."""
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(view(job, width=width, rows=rows))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_whole_table() -> None:
    jobs = [
        training_job(1, 12.3456),
        training_job(2, 9.0, values={"num_layers": "4", "learning_rate": "0.0005", "optimizer_type": "sgd"}),
        training_job(3, status="Failed", failure="AlgorithmError: out of memory\nsecond line"),
        training_job(4, status="InProgress"),
    ]
    lines = read_off(snapshot(jobs, status="InProgress", current={0: 30.25}))
    assert lines == [
        "seq2seq-3f9c2a  InProgress  20m 00s elapsed",
        "Bayesian search, minimize validation:perplexity",
        "4 of 12 training jobs: 2 completed, 1 running, 1 failed",
        "best 9 by job 2 (seq2seq-3f9c2a-002-00000002)",
        "                              num_  learning_  optimizer_",
        "  #  Status      Objective  layers       rate  type           Time",
        "──────────────────────────────────────────────────────────────────",
        "  1  Completed       12.35       2    0.00013  adam            50s",
        "★ 2  Completed           9       4     0.0005  sgd             50s",
        "  3  Failed              -       2  0.0002197  adam            50s",
        "  4  InProgress     30.25…       2  0.0002856  adam        17m 00s",
        "job 3 failed: AlgorithmError: out of memory",
    ]


def many_hyperparameters(count: int) -> TuningJobSnapshot:
    names = [f"some_long_hyperparameter_{index}" for index in range(count)]
    ranges = {"ContinuousParameterRanges": [{"Name": name, "MinValue": "0", "MaxValue": "1"} for name in names]}
    values = dict.fromkeys(names, "0.123456789")
    return snapshot([training_job(1, 5.0, values=values)], ranges=ranges)


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_many_hyperparameters_leave_the_table_within_the_terminal(width: int) -> None:
    lines = read_off(many_hyperparameters(30), width=width)
    assert max(cell_len(line) for line in lines) <= width
    row = next(line for line in lines if line.startswith("★ 1"))
    shown = row.count("0.1235")
    assert shown >= 1
    assert f"{30 - shown} more hyperparameters: `tuning report` shows all" in lines
    assert "…" not in "".join(lines)


def test_750_jobs_show_the_best_the_running_and_the_latest() -> None:
    jobs = [training_job(number, 1000.0 - number if number != 7 else 1.0) for number in range(1, 749)]
    jobs += [training_job(749, status="InProgress"), training_job(750, status="InProgress")]
    job = snapshot(jobs, status="InProgress")
    assert [one.number for one in visible_jobs(job, 6)] == [7, 746, 747, 748, 749, 750]
    lines = read_off(job, rows=6)
    assert "744 more training jobs: `tuning report` shows all" in lines
    assert len(lines) < 20


def test_no_training_job_yet() -> None:
    assert read_off(snapshot(status="InProgress"))[-2:] == [
        "no objective yet",
        "no training job has started yet",
    ]


def test_all_failed() -> None:
    reason = "No training job succeeded after 5 attempts."
    jobs = [training_job(number, status="Failed", failure=f"reason {number}") for number in range(1, 6)]
    lines = read_off(snapshot(jobs, status="Failed", failure=reason))
    assert lines[3:5] == ["no training job has reached an objective", reason]
    assert lines[-4:] == [
        "job 3 failed: reason 3",
        "job 4 failed: reason 4",
        "job 5 failed: reason 5",
        "2 earlier failures are in `tuning report`",
    ]


def test_values_with_control_characters_and_markup_are_shown_as_they_are() -> None:
    values = {"num_layers": "2", "learning_rate": "0.1", "optimizer_type": "[red]日本\x1b[2J\n"}
    lines = read_off(snapshot([training_job(1, math.nan, values=values)]))
    (row,) = [line for line in lines if "[red]" in line]
    assert "[red]日本\\x1b[2…" in row
    assert "nan" in row


@pytest.mark.parametrize(
    ("name", "width", "lines"),
    [
        ("lr", 9, ["lr"]),
        ("learning_rate", 9, ["learning_", "rate"]),
        ("rnn_attention_in_decoder", 9, ["rnn_", "attention_", "in_", "decoder"]),
        ("mini-batch-size", 20, ["mini-batch-size"]),
    ],
)
def test_headings_break_at_words(name: str, width: int, lines: list[str]) -> None:
    assert heading_lines(name, width) == lines
    assert "".join(heading_lines(name, width)) == name


@pytest.mark.parametrize(
    ("values", "line"),
    [([], ""), ([math.nan], ""), ([3.0], "▁"), ([1.0, 1.0], "▁▁"), ([1.0, 4.5, 8.0, math.inf], "▁▅█")],
)
def test_sparkline(values: list[float], line: str) -> None:
    assert sparkline(values) == line
