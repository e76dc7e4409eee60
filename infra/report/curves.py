"""The chart of learning curves: the objective of each training job as it trained."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt

from infra.report.charts import HEIGHT, WIDE, Chart, Row, objective_scale
from infra.report.logs import JobLog
from infra.report.palette import BEST, STATUSES
from infra.report.snapshot import TuningJobSnapshot


def learning_curves(snapshot: TuningJobSnapshot) -> Chart:
    """Draw the objective of each training job against how often it was emitted, and mark where jobs were stopped."""
    data = alt.NamedData(name="curves")
    x = alt.X("step:Q", title="emission of the objective (number)").axis(tickMinStep=1).scale(nice=False)
    title, scale = objective_scale(snapshot)
    y = alt.Y("value:Q", title=title).scale(**scale)
    statuses = [status for status in STATUSES if snapshot.count(status)]
    color = alt.Color("status:N", title="status").scale(
        domain=statuses, range=[STATUSES[status].color for status in statuses]
    )
    tooltip = [
        alt.Tooltip("name:N", title="training job"),
        alt.Tooltip("status:N"),
        alt.Tooltip("step:Q", title="emission"),
        alt.Tooltip("value:Q", title=snapshot.objective.metric),
    ]
    base = alt.Chart(data).encode(x=x, y=y, detail="name:N", tooltip=tooltip)
    lines = base.mark_line(strokeWidth=1.3, strokeOpacity=0.5).encode(color=color)
    best = base.transform_filter("datum.best").mark_line(strokeWidth=3, color=BEST)
    stopped = (
        base.transform_filter("datum.last && datum.status == 'Stopped'")
        .mark_point(shape=STATUSES["Stopped"].shape, filled=True, size=60)
        .encode(color=color)
    )
    # One emission is a point, not a line.
    points = base.transform_filter("datum.only").mark_point(filled=True, size=30).encode(color=color)
    return Chart(
        key="curves",
        caption="A line per training job; squares mark where a job was stopped, the thick line is the best job.",
        chart=alt.layer(lines, points, best, stopped).properties(width=WIDE, height=HEIGHT, title="Learning curves"),
        wide=True,
    )


def curve_rows(snapshot: TuningJobSnapshot, logs: Mapping[str, JobLog]) -> list[Row]:
    """Build a row per training job and emission of its objective."""
    return [
        {
            "name": job.name,
            "status": job.status,
            "step": step,
            "value": value,
            "best": snapshot.best is not None and snapshot.best.name == job.name,
            "last": step == len(log.curve),
            "only": len(log.curve) == 1,
        }
        for job in snapshot.jobs
        if (log := logs.get(job.name)) is not None
        for step, value in log.curve
    ]
