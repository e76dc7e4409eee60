"""A plan for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.review import wording
from infra.review.changes import Action
from infra.review.plan import DefinitionPlan, GoneJob, JobPlan, Plan
from infra.review.quotas import QuotaNeed

_STYLES = {
    Action.STARTS: "bold green",
    Action.REPLACED: "bold yellow",
    Action.RETRAINED: "bold yellow",
    Action.TAGGED: "cyan",
    Action.UNCHANGED: "dim",
    Action.STOPS: "bold red",
    Action.DELETED: "bold red",
    Action.KEPT: "yellow",
    Action.REFUSED: "bold red",
}
_QUOTA_STYLES = {"enough": "green", "too low": "bold red", "not declared": "yellow", "unknown": "yellow"}


def view(plan: Plan) -> RenderableType:
    """Lay out a plan for a terminal."""
    parts: list[RenderableType] = [Text(wording.headline(plan), style="bold"), Text()]
    for job in plan.jobs:
        parts += [_title(job), Padding(_details(job), (0, 0, 1, 2))]
    for gone in plan.gone:
        parts += [_title(gone), Text()]
    if plan.quotas:
        parts += [_quotas(plan.quotas), Text()]
    if plan.jobs:
        parts.append(Text(wording.total_line(plan), style="bold"))
    return Group(*parts)


def _title(job: JobPlan | GoneJob) -> Text:
    title = Text.assemble((job.path, "bold"), f"  {job.name}")
    if job.change is not None:
        title.append(f"  {wording.action(job)}", style=_STYLES[job.change.action])
    return title


def _details(job: JobPlan) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for label, value in _rows(job):
        table.add_row(label, value)
    return table


def _rows(job: JobPlan) -> Iterator[tuple[str, RenderableType]]:
    if job.change is not None and job.change.action is Action.REPLACED:
        yield "name", Text(wording.name_change(job.change, job.name))
    if job.change is not None:
        for index, leaf in enumerate(job.change.leaves):
            yield "changes" if index == 0 else "", Text(str(leaf), style="yellow")
    yield "strategy", Text(job.strategy)
    for definition in job.definitions:
        yield from _definition_rows(definition)
    yield "training jobs", Text(wording.limits(job))
    yield (
        "training hours" if job.is_solution else "instance-hours",
        Text(wording.at_most(job.bounds.instance_hours, wording.hours)),
    )
    yield "cost", Text(wording.at_most(job.bounds.cost, wording.money))
    for warning in job.warnings:
        yield "warning", Text(warning, style="yellow")


def _definition_rows(definition: DefinitionPlan) -> Iterator[tuple[str, RenderableType]]:
    if definition.name is not None:
        yield "definition", Text(definition.name, style="bold")
    yield "objective", Text(definition.objective)
    yield "search space", Text(str(definition.space))
    ranges = Table.grid(padding=(0, 2))
    for name, words in wording.ranges(definition):
        ranges.add_row(Text(f"  {name}"), Text(words))
    if definition.space.ranges:
        yield "", ranges
    yield "each runs on", Text(wording.training(definition))


def _quotas(needs: tuple[QuotaNeed, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0))
    several = len({need.environment for need in needs}) > 1
    for heading in ("Quota", "Needed", "Declared", "", *(["Environment"] if several else [])):
        table.add_column(heading, justify="right" if heading in ("Needed", "Declared") else "left")
    for need in needs:
        state = wording.quota_state(need)
        table.add_row(
            Text(need.name),
            Text(wording.count(need.needed)),
            Text("-" if need.declared is None else wording.count(need.declared)),
            Text(state, style=_QUOTA_STYLES[state]),
            *([Text(need.environment, style="dim")] if several else []),
        )
    return table
