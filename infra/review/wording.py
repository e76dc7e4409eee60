"""Amounts and plans in words: the same in text and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

from infra.review.amounts import Amount, Unknown
from infra.review.changes import Action, Change
from infra.review.plan import DefinitionPlan, GoneJob, JobPlan, Plan
from infra.review.quotas import QuotaNeed

ACTIONS = {
    Action.STARTS: "starts",
    Action.REPLACED: "is replaced: a new job starts, the old one is stopped",
    Action.TAGGED: "goes on, its tags change",
    Action.UNCHANGED: "goes on unchanged",
    Action.STOPS: "stops",
    Action.KEPT: "goes on, but is no longer declared",
    Action.REFUSED: "cannot be deployed: it changed and its name did not",
    Action.RETRAINED: "goes on, and a new version is trained",
    Action.DELETED: "is deleted",
}
_SOLUTION_ACTIONS = {
    Action.STARTS: "is new: a version is trained",
    Action.REPLACED: "is replaced: a new one is trained, the old one is deleted",
}


def action(job: JobPlan | GoneJob) -> str:
    """What a deployment does to a job; nothing without a base."""
    if job.change is None:
        return ""
    words = ACTIONS | _SOLUTION_ACTIONS if job.is_solution else ACTIONS
    return words[job.change.action]


def count(amount: Amount) -> str:
    """A number of things."""
    return str(amount) if isinstance(amount, Unknown) else f"{amount:,}"


def hours(amount: Amount) -> str:
    """Instance-hours, rounded up to hundredths."""
    return str(amount) if isinstance(amount, Unknown) else f"{_rounded(amount):,f}".rstrip("0").rstrip(".")


def cost(amount: Amount) -> str:
    """A cost in a sentence."""
    return f"cost {amount}" if isinstance(amount, Unknown) else money(amount)


def money(amount: Amount) -> str:
    """US dollars, rounded up to cents."""
    return str(amount) if isinstance(amount, Unknown) else f"${_rounded(amount):,.2f}"


def at_most(amount: Amount, shown: Callable[[Amount], str], words: str = "at most") -> str:
    """An upper bound."""
    return shown(amount) if isinstance(amount, Unknown) else f"{words} {shown(amount)}"


def duration(seconds: Any) -> str:
    """A time span without loss, such as 1d 12h, 30m or 1m 30s."""
    if not isinstance(seconds, int):
        return str(seconds)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts) if parts else "0s"


def limits(job: JobPlan) -> str:
    """How many training jobs run, and when the tuning job ends."""
    parts = [at_most(job.bounds.training_jobs, count)]
    at_once = job.max_parallel
    parts.append(f"number at a time {at_once}" if isinstance(at_once, Unknown) else f"{at_once:,} at a time")
    if job.max_runtime is not None:
        parts.append(f"all within {duration(job.max_runtime)}")
    if job.early_stopping is not None:
        parts.append(f"early stopping {str(job.early_stopping).lower()}")
    return ", ".join(parts)


def training(definition: DefinitionPlan) -> str:
    """On what each training job runs, and for how long."""
    parts = [definition.instances]
    if definition.spot is not False:
        parts.append("spot" if definition.spot is True else f"spot {definition.spot}")
    if isinstance(definition.max_runtime, Unknown):
        parts.append(f"for a time that is {definition.max_runtime}")
    elif definition.max_runtime is None:
        parts.append("for at most 1d, the service's default")
    else:
        parts.append(f"for at most {duration(definition.max_runtime)}")
    return ", ".join(parts)


def headline(plan: Plan) -> str:
    """The plan in one sentence."""
    every: list[JobPlan | GoneJob] = [*plan.jobs, *plan.gone]
    if not every:
        return "No tuning jobs are declared."
    if not plan.compared:
        return f"{_counted(every)} declared."
    changes = [job.change for job in every if job.change is not None]
    counts = {action: sum(change.action is action for change in changes) for action in Action}
    words = {
        Action.STARTS: "new",
        Action.REPLACED: "replaced",
        Action.RETRAINED: "trained again",
        Action.TAGGED: "with other tags",
        Action.STOPS: "stopped",
        Action.DELETED: "deleted",
        Action.UNCHANGED: "unchanged",
        Action.KEPT: "kept but no longer declared",
        Action.REFUSED: "not deployable",
    }
    named = ", ".join(f"{counts[action]} {word}" for action, word in words.items() if counts[action])
    return f"{_counted(every)}: {named}."


def total_line(plan: Plan) -> str:
    """The most that a deployment can use."""
    if not any(job.spends for job in plan.jobs):
        return "No training jobs start."
    who = "This deployment" if plan.compared else "All together"
    bounds = plan.total
    return (
        f"{who}: {at_most(bounds.training_jobs, _training_jobs)}, {at_most(bounds.instance_hours, _instance_hours)}, "
        f"{at_most(bounds.cost, cost)}."
    )


def _training_jobs(amount: Amount) -> str:
    return f"training jobs {amount}" if isinstance(amount, Unknown) else f"{amount:,} training jobs"


def _instance_hours(amount: Amount) -> str:
    return f"instance-hours {amount}" if isinstance(amount, Unknown) else f"{hours(amount)} instance-hours"


def name_change(change: Change, name: str) -> str:
    """The names of a replaced job."""
    return f"{change.old_name} → {name}"


def quota_state(need: QuotaNeed) -> str:
    """Whether a declared quota is enough."""
    if need.declared is None:
        return "not declared"
    if need.covered is None:
        return "unknown"
    return "enough" if need.covered else "too low"


def ranges(definition: DefinitionPlan) -> Iterator[tuple[str, str]]:
    """Each hyperparameter with its range."""
    return ((one.name, str(one)) for one in definition.space.ranges)


def _rounded(amount: int | Decimal) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"), rounding=ROUND_CEILING)


def _counted(jobs: Sequence[JobPlan | GoneJob]) -> str:
    solutions = sum(job.is_solution for job in jobs)
    counts = ((len(jobs) - solutions, "tuning job"), (solutions, "Personalize solution"))
    return " and ".join(f"{number:,} {noun}{'' if number == 1 else 's'}" for number, noun in counts if number)
