"""The charts of a tuning job, as Vega-Lite specifications.

Charts refer to their data by name (`jobs`, `parallel`, `curves`), so that a page with many of them holds the data once.
Fields of hyperparameters are `h0`, `h1`, …: names may hold characters that mean something in a field's path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import altair as alt

from infra.report import wording
from infra.report.palette import BEST, LINE, STATUSES
from infra.report.search_space import Hyperparameter, RangeKind, Scale
from infra.report.snapshot import TrainingJob, TuningJobSnapshot

Row = dict[str, Any]

WIDE = 720
NARROW = 330
HEIGHT = 260
LOGARITHMIC_OBJECTIVE = 10
"""From this ratio of the worst to the best positive objective on, objectives are drawn on a logarithmic axis."""

FARTHEST_OBJECTIVE = 100
"""By how much an objective may be worse than the median to be drawn at its place."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart, what it shows in a sentence, and the name by which a page refers to it."""

    key: str
    caption: str
    chart: alt.LayerChart | alt.FacetChart | alt.Chart
    wide: bool = False


def job_rows(snapshot: TuningJobSnapshot) -> list[Row]:
    """Build a row per training job, with its objective, its place in time and all its hyperparameters."""
    unit = time_unit(snapshot)[1]
    rows = []
    for job in snapshot.jobs:
        moment = job.ended if job.ended is not None else snapshot.taken
        row: Row = {
            "number": job.number,
            "name": job.name,
            "status": job.status,
            "objective": job.objective if job.counts else None,
            "shown": wording.number(job.objective, 6),
            "time": (moment - snapshot.created).total_seconds() / unit,
            "elapsed": wording.duration(job.elapsed(snapshot.taken)),
            # Spreads the jobs of a category over its strip: multiples of the golden ratio, which fill evenly.
            "strip": job.number * 0.618034 % 1,
            "best": snapshot.best is not None and snapshot.best.name == job.name,
            "reason": wording.value(job.failure_reason) if job.failure_reason is not None else None,
        }
        for index, one in enumerate(snapshot.hyperparameters):
            row.update(_hyperparameter_fields(f"h{index}", one, job))
        rows.append(row)
    return _with_best_so_far(rows, snapshot)


def time_unit(snapshot: TuningJobSnapshot) -> tuple[str, float]:
    """Choose the unit of the time axis by how long the tuning job has taken, with its seconds."""
    seconds = snapshot.elapsed.total_seconds()
    if seconds < 300:
        return "seconds", 1.0
    return ("minutes", 60.0) if seconds < 3 * 3600 else ("hours", 3600.0)


def over_time(snapshot: TuningJobSnapshot) -> Chart:
    """Draw the objective of each training job at its end, and the best so far as a step line."""
    data = alt.NamedData(name="jobs")
    x = alt.X("time:Q", title=f"time since the tuning job was created ({time_unit(snapshot)[0]})").scale(nice=False)
    y = _objective_axis(snapshot)
    step = (
        alt.Chart(data)
        .transform_filter("isValid(datum.best_so_far)")
        .mark_line(interpolate="step-after", color=LINE, strokeWidth=2)
        .encode(x=x, y=alt.Y("best_so_far:Q"), order="time:Q")
    )
    layers = alt.layer(step, *_points(data, x, y, snapshot, legend=True)).properties(
        width=WIDE, height=HEIGHT, title=f"{snapshot.objective.metric} over time"
    )
    return Chart(
        key="over-time",
        caption="Each point is a training job at its end; the line is the best objective so far.",
        chart=layers,
        wide=True,
    )


def against(snapshot: TuningJobSnapshot, index: int) -> Chart:
    """Draw a hyperparameter against the objective, on the axis that the search uses for it."""
    one = snapshot.hyperparameters[index]
    data = alt.NamedData(name="jobs")
    points = _points(data, value_axis(one, f"h{index}"), _objective_axis(snapshot), snapshot, legend=False)
    if one.scale is Scale.CATEGORIES:
        points = [point.encode(xOffset=alt.XOffset("strip:Q").scale(domain=[0, 1])) for point in points]
    layers = alt.layer(*points).properties(width=NARROW, height=HEIGHT, title=one.name)
    return Chart(key=f"against-{index}", caption=f"{one.name} against {snapshot.objective.metric}.", chart=layers)


def overview(snapshot: TuningJobSnapshot, charts: Sequence[Chart], datasets: dict[str, list[Row]]) -> dict[str, Any]:
    """Put charts below each other into one specification with its data: wide ones alone, narrow ones in pairs."""
    wide = [one.chart for one in charts if one.wide]
    narrow = [one.chart for one in charts if not one.wide]
    pairs = [alt.hconcat(*narrow[start : start + 2]) for start in range(0, len(narrow), 2)]
    whole = alt.vconcat(*wide, *pairs, title=f"{snapshot.name}: {snapshot.strategy} search, {snapshot.status}")
    # Scales that charts share would take the legend of status apart into one of colours and one of shapes.
    whole = whole.resolve_scale(color="independent", shape="independent")
    spec: dict[str, Any] = whole.configure_title(anchor="start").to_dict()
    return {**spec, "datasets": datasets, "background": "white", "padding": 16}


def _with_best_so_far(rows: list[Row], snapshot: TuningJobSnapshot) -> list[Row]:
    best: float | None = None
    for row in sorted(rows, key=lambda row: (row["time"], row["number"])):
        objective = row["objective"]
        if objective is not None and (best is None or snapshot.objective.better(objective, best)):
            best = objective
        row["best_so_far"] = best if objective is not None else None
    # The line goes on to now while the tuning job runs: rows of running jobs stand there.
    for row in rows:
        if row["status"] in ("InProgress", "Stopping"):
            row["best_so_far"] = best
    return rows


def _hyperparameter_fields(key: str, one: Hyperparameter, job: TrainingJob) -> Row:
    given = job.hyperparameters.get(one.name)
    fields: Row = {key: given, f"{key}_text": wording.value(given, 6)}
    if one.scale is Scale.REVERSE_LOGARITHMIC:
        fields[f"{key}_rest"] = 1 - given if isinstance(given, int | float) else None
    return fields


def _objective_axis(snapshot: TuningJobSnapshot) -> alt.Y:
    title, scale = objective_scale(snapshot)
    return alt.Y("objective:Q").title(title).scale(padding=8, nice=True, **scale)


def objective_scale(snapshot: TuningJobSnapshot) -> tuple[str, dict[str, Any]]:
    """Choose the scale of objectives, with the axis's title: logarithmic where a few bad ones would hide the rest.

    A training that has diverged may be worse by any factor: what is beyond the bounds stands at the edge.
    """
    if (bounds := objective_bounds(snapshot)) is None:
        return snapshot.objective.metric, {"type": "linear", "zero": False}
    title = f"{snapshot.objective.metric} (log scale)"
    return title, {"type": "log", "zero": False, "domain": list(bounds), "clamp": True}


def objective_bounds(snapshot: TuningJobSnapshot) -> tuple[float, float] | None:
    """The bounds of a logarithmic scale of objectives; None where the scale is linear."""
    values = [job.objective for job in snapshot.compared if job.objective is not None]
    if not values or min(values) <= 0 or max(values) / min(values) < LOGARITHMIC_OBJECTIVE:
        return None
    middle = median(values)
    if snapshot.objective.maximize:
        return max(min(values), middle / FARTHEST_OBJECTIVE), max(values)
    return min(values), min(max(values), middle * FARTHEST_OBJECTIVE)


def value_axis(one: Hyperparameter, key: str) -> alt.X:
    """Make the axis of a hyperparameter, from one end of its range to the other."""
    if one.scale is Scale.CATEGORIES:
        domain = [wording.value(category, 6) for category in one.categories]
        return (
            alt.X(f"{key}_text:N")
            .title(one.name)
            .scale(domain=domain, paddingInner=0.5, paddingOuter=0.25)
            .axis(labelAngle=0, labelLimit=90)
        )
    if one.minimum is None or one.maximum is None:
        return alt.X(f"{key}:Q").title(one.name).scale(zero=False)
    if one.scale is Scale.REVERSE_LOGARITHMIC:
        rest = (1 - one.maximum, 1 - one.minimum)
        scale = alt.Scale(type="log", reverse=True, domain=list(rest), nice=False, padding=8)
        axis = alt.Axis(values=log_ticks(*rest), labelExpr="format(1 - datum.value, '.6~g')")
        return alt.X(f"{key}_rest:Q", scale=scale, axis=axis, title=f"{one.name} (reverse log scale)")
    ends = [one.minimum, one.maximum]
    if one.scale is Scale.LOGARITHMIC:
        scale = alt.Scale(type="log", domain=ends, nice=False, padding=8)
        axis = alt.Axis(values=log_ticks(*ends), format="~g")
        return alt.X(f"{key}:Q", scale=scale, axis=axis, title=f"{one.name} (log scale)")
    step = 1 if one.kind is RangeKind.INTEGER else alt.Undefined
    scale = alt.Scale(domain=ends, nice=False, zero=False, padding=8)
    return alt.X(f"{key}:Q", scale=scale, axis=alt.Axis(tickCount=5, tickMinStep=step), title=one.name)


def log_ticks(minimum: float, maximum: float) -> list[float]:
    """Choose the ticks of a logarithmic axis: powers of ten, with twice and five times them where those are few."""
    exponents = range(math.floor(math.log10(minimum)), math.ceil(math.log10(maximum)) + 1)
    every = max(1, len(exponents) // 8)
    for factors in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 4, 5, 6, 7, 8, 9)):
        ticks = [float(f"{factor}e{exponent}") for exponent in exponents[::every] for factor in factors]
        inside = [tick for tick in ticks if minimum <= tick <= maximum]
        if len(inside) >= 3:
            return inside
    return [minimum, maximum]


def _points(data: alt.NamedData, x: alt.X, y: alt.Y, snapshot: TuningJobSnapshot, *, legend: bool) -> list[alt.Chart]:
    """Draw training jobs: those with an objective at its height, those without one at the lower edge."""
    base = alt.Chart(data).encode(x=x, tooltip=_tooltip(snapshot))
    color, shape = _status(snapshot, legend=legend)
    with_objective = "isValid(datum.objective)"
    reached = (
        base.transform_filter(with_objective)
        .mark_point(filled=True, size=60, opacity=1, fillOpacity=0.85)
        .encode(y=y, color=color, shape=shape)
    )
    unreached = (
        base.transform_filter(f"!{with_objective} && datum.status != 'InProgress'")
        .mark_point(size=60, strokeWidth=2)
        .encode(y=alt.value(HEIGHT - 6), color=color, shape=shape)
    )
    best = (
        base.transform_filter("datum.best")
        .mark_point(shape="circle", size=260, strokeWidth=2.5, color=BEST, filled=False)
        .encode(y=y)
    )
    return [reached, unreached, best]


def _status(snapshot: TuningJobSnapshot, *, legend: bool) -> tuple[alt.Color, alt.Shape]:
    """Encode the status of a training job twice, by colour and by shape; statuses that no job has stay out."""
    marks = {status: mark for status, mark in STATUSES.items() if snapshot.count(status)}
    key = alt.Legend(title="status") if legend else None
    color = alt.Scale(domain=list(marks), range=[mark.color for mark in marks.values()])
    shape = alt.Scale(domain=list(marks), range=[mark.shape for mark in marks.values()])
    return alt.Color("status:N", scale=color, legend=key), alt.Shape("status:N", scale=shape, legend=key)


def _tooltip(snapshot: TuningJobSnapshot) -> list[alt.Tooltip]:
    named = [("name", "training job"), ("status", "status"), ("shown", snapshot.objective.metric), ("elapsed", "time")]
    tuned = [(f"h{index}_text", one.name) for index, one in enumerate(snapshot.hyperparameters)]
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in [*named, *tuned, ("reason", "failure reason")]]
