"""The best training job beside the worst: what the search was worth."""

from __future__ import annotations

from rich.table import Table

from infra.report import wording
from infra.report.snapshot import TuningJobSnapshot


def best_and_worst(snapshot: TuningJobSnapshot) -> Table:
    """A table of the objective and the hyperparameters of the best and of the worst training job."""
    columns = {"best": snapshot.best, "worst": snapshot.worst}
    jobs = {title: job for title, job in columns.items() if job is not None}
    table = Table("", *jobs, box=None, pad_edge=False, header_style="bold")
    table.add_row("training job", *(job.name for job in jobs.values()))
    table.add_row(snapshot.objective.metric, *(wording.number(job.objective) for job in jobs.values()), style="bold")
    for hyperparameter in snapshot.hyperparameters:
        values = (wording.value(job.hyperparameters.get(hyperparameter.name)) for job in jobs.values())
        table.add_row(hyperparameter.name, *values)
    table.add_row("time", *(wording.duration(job.elapsed(snapshot.taken)) for job in jobs.values()))
    return table
