"""The table of a tuning job for a terminal, narrow enough for 100 columns and short enough for the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from infra.report import wording
from infra.report.search_space import Hyperparameter
from infra.report.snapshot import TrainingJob, TuningJobSnapshot

STATUS_STYLES = {
    "InProgress": "cyan",
    "Completed": "green",
    "Stopping": "yellow",
    "Stopped": "yellow",
    "Failed": "bold red",
    "Deleting": "yellow",
    "DeleteFailed": "bold red",
}
FAILURES_SHOWN = 3
CURVE_WIDTH = 12
PADDING = 2
"""Columns of space that the table puts around each cell."""
VALUE_WIDTH = 16
BARS = "▁▂▃▄▅▆▇█"

Curves = Mapping[str, Sequence[float]]
"""The objective values of running training jobs by name, as they were seen while watching."""


def view(
    snapshot: TuningJobSnapshot, *, width: int = 100, rows: int | None = None, curves: Curves | None = None
) -> RenderableType:
    """Lay out a tuning job for a terminal.

    Args:
        snapshot: the tuning job.
        width: columns of the terminal; hyperparameters that do not fit are named below the table.
        rows: how many training jobs to show at most: the best, the running and the latest. Default: all.
        curves: the objectives of running training jobs seen so far, drawn as a small curve.
    """
    shown = visible_jobs(snapshot, rows)
    columns = _fitting(snapshot, shown, width - _fixed_width(snapshot, shown, curves))
    parts: list[RenderableType] = [header(snapshot)]
    parts.append(_table(snapshot, shown, columns, curves) if shown else Text("no training job has started yet"))
    parts.extend(_notes(snapshot, len(snapshot.jobs) - len(shown), len(columns)))
    return Group(*parts)


def header(snapshot: TuningJobSnapshot) -> Text:
    """Say in four lines what the tuning job does, how far it is and what its best is."""
    text = Text()
    text.append(snapshot.name, style="bold").append("  ")
    text.append(snapshot.status, style=STATUS_STYLES.get(snapshot.status, "")).append("  ")
    text.append(f"{wording.duration(snapshot.elapsed)} elapsed\n")
    direction = snapshot.objective.direction.lower()
    text.append(f"{snapshot.strategy} search, {direction} {snapshot.objective.metric}\n{progress(snapshot)}\n")
    text.append_text(_best_line(snapshot))
    if snapshot.failure_reason is not None:
        text.append(f"\n{wording.value(snapshot.failure_reason)}", style="red")
    return text


def progress(snapshot: TuningJobSnapshot) -> str:
    """Count the training jobs by what became of them, as in "5 of 12 training jobs: 3 completed, 2 running"."""
    total = len(snapshot.jobs)
    of = f" of {snapshot.planned:,}" if snapshot.planned is not None else ""
    counts = {
        "completed": snapshot.count("Completed"),
        "running": snapshot.count("InProgress"),
        "stopping": snapshot.count("Stopping"),
        "stopped": snapshot.count("Stopped"),
        "failed": snapshot.count("Failed"),
    }
    parts = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    return f"{total:,}{of} training jobs" + (f": {parts}" if parts else "")


def visible_jobs(snapshot: TuningJobSnapshot, rows: int | None) -> list[TrainingJob]:
    """Choose the training jobs to show where not all fit: the best, then the running ones, then the latest."""
    if rows is None or len(snapshot.jobs) <= rows:
        return list(snapshot.jobs)
    running = [job for job in snapshot.jobs if job.status in ("InProgress", "Stopping")]
    wanted = [*([snapshot.best] if snapshot.best is not None else []), *running, *reversed(snapshot.jobs)]
    chosen = list({job.name: job for job in wanted}.values())[: max(rows, 1)]
    return sorted(chosen, key=lambda job: job.number)


def sparkline(values: Sequence[float], width: int = CURVE_WIDTH) -> str:
    """Draw the latest values as bars, from the lowest to the highest of them."""
    finite = [value for value in values if abs(value) != float("inf") and value == value][-width:]
    if not finite:
        return ""
    low, span = min(finite), max(finite) - min(finite)
    return "".join(BARS[round((value - low) / span * (len(BARS) - 1))] if span else BARS[0] for value in finite)


def objective_text(job: TrainingJob) -> str:
    """Write the objective of a training job; a running one's latest value carries an ellipsis."""
    if job.objective is None:
        return wording.MISSING
    return wording.number(job.objective) + ("" if job.objective_final else "…")


def _best_line(snapshot: TuningJobSnapshot) -> Text:
    best = snapshot.best
    if best is None:
        return Text("no objective yet" if snapshot.running else "no training job has reached an objective")
    line = Text("best ", style="bold green")
    line.append(wording.number(best.objective))
    return line.append(f" by job {best.number} ({best.name})", style="not bold")


def _table(
    snapshot: TuningJobSnapshot, jobs: Sequence[TrainingJob], columns: Sequence[Hyperparameter], curves: Curves | None
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("Status", no_wrap=True)
    table.add_column("Objective", justify="right", no_wrap=True)
    if curves is not None:
        table.add_column("Curve", no_wrap=True, width=CURVE_WIDTH)
    for column in columns:
        values = [_cell(job, column) for job in jobs]
        numeric = all(isinstance(job.hyperparameters.get(column.name, 0), int | float) for job in jobs)
        heading = "\n".join(heading_lines(column.name, _value_width(values)))
        justify = "right" if numeric else "left"
        table.add_column(Text(heading), justify=justify, overflow="ellipsis", no_wrap=True, max_width=VALUE_WIDTH)  # type: ignore[arg-type]
    table.add_column("Time", justify="right", no_wrap=True)
    for job in jobs:
        best = snapshot.best is not None and job.name == snapshot.best.name
        cells = [
            Text(f"★ {job.number}" if best else str(job.number)),
            Text(job.status, style=STATUS_STYLES.get(job.status, "")),
            Text(objective_text(job), style="" if job.objective_final else "dim"),
            *([Text(sparkline(curves.get(job.name, ())), style="cyan")] if curves is not None else []),
            *(Text(_cell(job, column)) for column in columns),
            Text(wording.duration(job.elapsed(snapshot.taken))),
        ]
        table.add_row(*cells, style="bold green" if best else None)
    return table


def heading_lines(name: str, width: int) -> list[str]:
    """Break the name of a hyperparameter at its underscores, so that no line is wider than ``width`` where possible."""
    words = name.replace("_", "_\0").replace("-", "-\0").split("\0")
    lines = [""]
    for word in words:
        if lines[-1] and cell_len(lines[-1] + word) > width:
            lines.append(word)
        else:
            lines[-1] += word
    return lines


def _cell(job: TrainingJob, column: Hyperparameter) -> str:
    return wording.value(job.hyperparameters.get(column.name))


def _value_width(values: Sequence[str]) -> int:
    return min(max([9, *(cell_len(value) for value in values)]), VALUE_WIDTH)


def _fixed_width(snapshot: TuningJobSnapshot, jobs: Sequence[TrainingJob], curves: Curves | None) -> int:
    widths = [
        2 + max((len(str(job.number)) for job in jobs), default=1),
        max((len(job.status) for job in jobs), default=6),
        max(9, *(len(objective_text(job)) for job in jobs)) if jobs else 9,
        max(4, *(len(wording.duration(job.elapsed(snapshot.taken))) for job in jobs)) if jobs else 4,
        *([CURVE_WIDTH] if curves is not None else []),
    ]
    return sum(widths) + PADDING * len(widths)


def _fitting(snapshot: TuningJobSnapshot, jobs: Sequence[TrainingJob], room: int) -> list[Hyperparameter]:
    """Take hyperparameters in their order as long as they fit; a wide one makes way for later, narrow ones."""
    taken = []
    for column in snapshot.hyperparameters:
        values = [_cell(job, column) for job in jobs]
        heading = heading_lines(column.name, _value_width(values))
        needed = min(max(cell_len(text) for text in [*heading, *values]), VALUE_WIDTH) + PADDING
        if needed <= room:
            taken.append(column)
            room -= needed
    return taken


def _notes(snapshot: TuningJobSnapshot, hidden_jobs: int, columns: int) -> list[Text]:
    notes = []
    hidden = len(snapshot.hyperparameters) - columns
    if snapshot.jobs and hidden:
        notes.append(Text(f"{wording.plural(hidden, 'more hyperparameter')}: `tuning report` shows all", style="dim"))
    if hidden_jobs:
        notes.append(
            Text(f"{wording.plural(hidden_jobs, 'more training job')}: `tuning report` shows all", style="dim")
        )
    failed = [job for job in snapshot.jobs if job.failure_reason is not None]
    for job in failed[-FAILURES_SHOWN:]:
        first_line = next(iter(str(job.failure_reason).strip().splitlines()), "")
        notes.append(Text(f"job {job.number} {job.status.lower()}: {wording.value(first_line)}", style="red"))
    if len(failed) > FAILURES_SHOWN:
        notes.append(Text(f"{len(failed) - FAILURES_SHOWN:,} earlier failures are in `tuning report`", style="dim red"))
    return notes
