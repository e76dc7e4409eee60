"""A plan in Markdown, as a comment on a pull request: the summary first, the details folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from infra.review import wording
from infra.review.amounts import Amount
from infra.review.changes import Action
from infra.review.plan import JobPlan, Plan

MARKER = "<!-- tuning plan -->"
"""First line of the comment, by which a workflow finds its own comment again."""


def markdown(plan: Plan, broken: Iterable[str] = ()) -> str:
    """The plan as Markdown; ``broken`` are ceilings that it exceeds."""
    lines = [MARKER, "## Tuning plan", "", f"{_escaped(wording.headline(plan))} {_escaped(wording.total_line(plan))}"]
    for sentence in broken:
        lines += ["", f"> **Above the ceiling:** {_escaped(sentence)}"]
    if plan.jobs or plan.gone:
        lines += ["", *_summary(plan)]
    lines += ["", *_warnings(plan)] if any(job.warnings for job in plan.jobs) else []
    for job in plan.jobs:
        lines += ["", *_details(job)]
    if plan.quotas:
        lines += ["", *_quotas(plan)]
    return "\n".join(lines) + "\n"


def _summary(plan: Plan) -> Iterator[str]:
    yield from _table_head("Tuning job", "Deployment", "Search", "Training jobs", "Instance-hours", "Cost")
    for job in plan.jobs:
        action = "declared" if job.change is None else job.change.action.value
        yield _row(
            f"{_code(job.path)}<br>{_code(job.name)}",
            _emphasised(action),
            f"{_escaped(job.strategy)}, {_escaped('; '.join(one.objective for one in job.definitions))}",
            _at_most(job.bounds.training_jobs, wording.count),
            _at_most(job.bounds.instance_hours, wording.hours),
            _at_most(job.bounds.cost, wording.money),
        )
    for gone in plan.gone:
        names = f"{_code(gone.path)}<br>{_code(gone.name)}"
        yield _row(names, _emphasised(gone.change.action.value), "", "", "", "")


def _warnings(plan: Plan) -> Iterator[str]:
    yield "**Warnings**"
    yield ""
    for job in plan.jobs:
        yield from (f"- {_code(job.path)}: {_escaped(warning)}" for warning in job.warnings)


def _details(job: JobPlan) -> Iterator[str]:
    changed = job.change is not None and bool(job.change.leaves)
    yield f"<details{' open' if changed else ''}><summary>{_escaped(job.path)}</summary>"
    yield ""
    if job.change is not None and job.change.action is Action.REPLACED:
        yield f"Replaced: {_code(str(job.change.old_name))} → {_code(job.name)}"
        yield ""
    if job.change is not None and job.change.leaves:
        yield from _table_head("Changed", "From", "To")
        for leaf in job.change.leaves:
            sides = ("" if side is None else _code(side) for side in (leaf.old, leaf.new))
            yield _row(_code(leaf.name), *sides)
        yield ""
    yield f"Training jobs: {_escaped(wording.limits(job))}"
    for definition in job.definitions:
        yield ""
        named = "" if definition.name is None else f"**{_escaped(definition.name)}**: "
        parts = (definition.objective, str(definition.space), f"each on {wording.training(definition)}")
        yield named + "; ".join(_escaped(part) for part in parts)
        if definition.space.ranges:
            yield ""
            yield from _table_head("Hyperparameter", "Range")
            yield from (_row(_code(name), _escaped(words)) for name, words in wording.ranges(definition))
    yield ""
    yield "</details>"


def _quotas(plan: Plan) -> Iterator[str]:
    yield from _table_head("Quota", "Needed", "Declared", "", "Environment")
    for need in plan.quotas:
        declared = "" if need.declared is None else _escaped(wording.count(need.declared))
        needed = _escaped(wording.count(need.needed))
        yield _row(_escaped(need.name), needed, declared, _escaped(wording.quota_state(need)), _code(need.environment))


def _at_most(amount: Amount, shown: Callable[[Amount], str]) -> str:
    return _escaped(wording.at_most(amount, shown, "≤"))


def _table_head(*cells: str) -> Iterator[str]:
    yield _row(*cells)
    yield f"|{'---|' * len(cells)}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _emphasised(action: str) -> str:
    return action if action in (Action.UNCHANGED.value, "declared") else f"**{action}**"


def _code(text: str) -> str:
    """Text as code; a fence longer than any run of backticks in it, and no cell separator."""
    flat = " ".join(text.split()).replace("|", "\\|")
    fence = "`"
    while fence in flat:
        fence += "`"
    return f"{fence} {flat} {fence}" if "`" in flat else f"{fence}{flat}{fence}"


def _escaped(text: str) -> str:
    """Text without meaning for Markdown or HTML, on one line."""
    flat = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in ("\\", "`", "*", "_", "|", "[", "]", "~"):
        flat = flat.replace(mark, f"\\{mark}")
    return flat
