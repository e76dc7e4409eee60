"""Charts of all hyperparameters together: their importance, and parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import altair as alt

from infra.report import wording
from infra.report.charts import HEIGHT, NARROW, WIDE, Chart, Row, objective_bounds
from infra.report.palette import COMPARED
from infra.report.search_space import Hyperparameter, Scale, Value
from infra.report.snapshot import TuningJobSnapshot

PARALLEL_JOBS = 200
"""More lines than this hide each other: the best are drawn."""
CROWDED = 10
"""From more axes than this on their texts would run into each other: names stand aslant, values are small and cut."""


def importance(shares: Mapping[str, float]) -> Chart:
    """Draw the importance of hyperparameters as bars, the most important at the top."""
    bars = alt.Chart(alt.NamedData(name="importance")).encode(
        x=alt.X("share:Q", title="share of importance")
        .axis(format="%", tickCount=5)
        .scale(domain=[0, max(shares.values())]),
        y=alt.Y("name:N", title=None, sort=list(shares)).axis(labelLimit=200),
        tooltip=[alt.Tooltip("name:N", title="hyperparameter"), alt.Tooltip("share:Q", format=".1%")],
    )
    return Chart(
        key="importance",
        caption="How much better training jobs differ from all training jobs in each hyperparameter (PED-ANOVA).",
        chart=bars.mark_bar(color=COMPARED).properties(
            width=NARROW, height=max(24 * len(shares), 60), title="Importance of hyperparameters"
        ),
    )


def importance_rows(shares: Mapping[str, float]) -> list[Row]:
    """Build a row per hyperparameter."""
    return [{"name": name, "share": share} for name, share in shares.items()]


def parallel(snapshot: TuningJobSnapshot) -> Chart:
    """Draw a line per training job through its value of each hyperparameter to its objective."""
    axes = [one.name for one in snapshot.hyperparameters] + [snapshot.objective.metric]
    data = alt.NamedData(name="parallel")
    crowded = len(axes) > CROWDED
    x = alt.X("axis:N", title=None, sort=axes).axis(
        labelAngle=-60 if crowded else 0,
        labelPadding=16,
        labelLimit=200,
        labelExpr="datum.label" if crowded else "split(replace(datum.label, /_/g, '_ '), ' ')",
        grid=True,
        gridColor="#888",
        gridOpacity=0.6,
        domain=False,
        ticks=False,
    )
    y = alt.Y("position:Q", title=None).scale(domain=[0, 1]).axis(None)
    lines = (
        alt.Chart(data)
        .mark_line(strokeWidth=1.5, strokeOpacity=0.6)
        .encode(
            x=x,
            y=y,
            detail="number:N",
            order="order:Q",
            color=alt.Color("quality:Q", legend=None).scale(scheme="viridis", reverse=not snapshot.objective.maximize),
            tooltip=[
                alt.Tooltip("name:N", title="training job"),
                alt.Tooltip("shown:N", title=snapshot.objective.metric),
                *(alt.Tooltip(f"h{i}_text:N", title=one.name) for i, one in enumerate(snapshot.hyperparameters)),
            ],
        )
    )
    ends = alt.Chart(data).transform_filter("isValid(datum.end)").encode(x=x, y=y, text="end:N")
    text = {"fontSize": 8, "limit": WIDE / len(axes) - 2} if crowded else {"fontSize": 10}
    labels = [
        ends.transform_filter("datum.position > 0.5").mark_text(dy=-8, **text),
        ends.transform_filter("datum.position <= 0.5").mark_text(dy=10, **text),
    ]
    left_out = len(snapshot.compared) - PARALLEL_JOBS
    best = f"; the best {PARALLEL_JOBS} of {len(snapshot.compared)}" if left_out > 0 else ""
    return Chart(
        key="parallel",
        caption=f"A line per training job, each axis on its own scale{best}. Bright lines are the better ones.",
        chart=alt.layer(lines, *labels).properties(width=WIDE, height=HEIGHT, title="Parallel coordinates"),
        wide=True,
    )


def parallel_rows(snapshot: TuningJobSnapshot) -> list[Row]:
    """Build a row per training job and axis, and rows that name the ends of each axis."""
    jobs = snapshot.compared[:PARALLEL_JOBS]
    rows: list[Row] = []
    for order, one in enumerate(snapshot.hyperparameters):
        rows += [{"axis": one.name, "order": order, "position": at, "end": text} for at, text in _ends(one)]
    reached = [job.objective for job in jobs if job.objective is not None]
    low, high = min(reached), max(reached)
    place = _placing(snapshot, low, high)
    last = {"axis": snapshot.objective.metric, "order": len(snapshot.hyperparameters)}
    rows += [{**last, "position": at, "end": wording.number(value)} for at, value in {0.0: low, 1.0: high}.items()]
    for job in jobs:
        texts = {
            f"h{index}_text": wording.value(job.hyperparameters.get(one.name), 6)
            for index, one in enumerate(snapshot.hyperparameters)
        }
        shared = {
            "number": job.number,
            "name": job.name,
            "quality": place(job.objective),
            "shown": wording.number(job.objective, 6),
        }
        for order, one in enumerate(snapshot.hyperparameters):
            at = position(one, job.hyperparameters.get(one.name))
            rows.append({**shared, **texts, "axis": one.name, "order": order, "position": at})
        rows.append({**shared, **texts, **last, "position": place(job.objective)})
    return rows


def _placing(snapshot: TuningJobSnapshot, low: float, high: float) -> Callable[[float | None], float]:
    """Places an objective between the lowest and the highest, from 0 to 1, on the scale of the other charts."""
    bounds = objective_bounds(snapshot)
    stretch = float if bounds is None else math.log
    least, most = (low, high) if bounds is None else bounds

    def place(objective: float | None) -> float:
        if most <= least:
            return 0.5
        value = least if objective is None else min(max(objective, least), most)
        return (stretch(value) - stretch(least)) / (stretch(most) - stretch(least))

    return place


def position(one: Hyperparameter, value: Value | None) -> float | None:
    """Place a value on the axis of its hyperparameter, from 0 at one end of the range to 1 at the other."""
    if one.scale is Scale.CATEGORIES:
        if value not in one.categories:
            return None
        return one.categories.index(str(value)) / (len(one.categories) - 1) if len(one.categories) > 1 else 0.5
    if not isinstance(value, int | float) or one.minimum is None or one.maximum is None:
        return None
    if one.minimum == one.maximum:
        return 0.5
    low, high, at = (_stretched(one.scale, number) for number in (one.minimum, one.maximum, value))
    share = (at - low) / (high - low)
    return min(max(share, 0.0), 1.0) if math.isfinite(share) else None


def _stretched(scale: Scale, number: float) -> float:
    if scale is Scale.LOGARITHMIC:
        return math.log(number) if number > 0 else math.nan
    if scale is Scale.REVERSE_LOGARITHMIC:
        return -math.log(1 - number) if number < 1 else math.nan
    return number


def _ends(one: Hyperparameter) -> list[tuple[float, str]]:
    if one.scale is Scale.CATEGORIES:
        return [(at, wording.value(text)) for text in one.categories if (at := position(one, text)) is not None]
    if one.minimum is None or one.maximum is None:
        return []
    return [(0.0, wording.number(one.minimum)), (1.0, wording.number(one.maximum))]
