"""Rule W1: what a tuning job may start from, and what it may change against that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..contract import INJECTED_HYPER_PARAMETER, TUNING_JOB_NAME
from ._registry import Finding, once, quoted, rule
from .view import Definition, Job, definitions, items, mapping

MOST_CHANGES: Final = 10
_CONFIG: Final = "warm_start_config"
_PARENTS: Final = f"{_CONFIG}.parents"


@rule("W1")
def warm_start(job: Job) -> Iterator[Finding]:
    """Parents are other jobs, and only a single definition can start from them; their number is in the model."""
    given = job.request.get("WarmStartConfig")
    if given is None:
        return
    if job.request.get("TrainingJobDefinitions") is not None:
        yield Finding("W1", _CONFIG, "is for a single training_job_definition, got training_job_definitions")
    parents = items(mapping(given).get("ParentHyperParameterTuningJobs"))
    names = [parent.get(TUNING_JOB_NAME) for parent in parents]
    if any(name is None for name in names):
        yield Finding("W1", _PARENTS, "each parent must have a name, got one without")
    yield from once("W1", _PARENTS, "parent", names)
    own = job.request.get(TUNING_JOB_NAME)
    if isinstance(own, str) and own.lower() in [name.lower() for name in names if isinstance(name, str)]:
        yield Finding("W1", _PARENTS, f"a job must not be its own parent, got {quoted(own)}")


def differences(request: Mapping[str, Any], parent_name: str, parent: Mapping[str, Any]) -> Iterator[Finding]:
    """What differs between a request and its parent's that must not.

    Args:
        request: of the job that starts from the parent.
        parent_name: how messages call the parent.
        parent: its request; what the service has added to it does not count.
    """
    ours, theirs = definitions(request), definitions(parent)
    if len(ours) != 1 or len(theirs) != 1:
        if len(theirs) > 1:
            text = f"{parent_name} has several training job definitions, a parent must have a single one"
            yield Finding("W1", _PARENTS, text)
        return
    yield from _objective(ours[0], theirs[0], parent_name)
    yield from _names(ours[0], theirs[0], parent_name)
    yield from _kinds(ours[0], theirs[0], parent_name)
    yield from _changes(ours[0], theirs[0], parent_name)


def _objective(ours: Definition, theirs: Definition, parent_name: str) -> Iterator[Finding]:
    mine, other = mapping(ours.objective), mapping(theirs.objective)
    for member in ("MetricName", "Type"):
        here, there = mine.get(member), other.get(member)
        if isinstance(here, str) and isinstance(there, str) and here != there:
            yield Finding("W1", _PARENTS, f"the objective must be that of {parent_name}: {there}, got {here}")


def _static(definition: Definition) -> dict[str, Any]:
    return {name: value for name, value in definition.static.items() if name != INJECTED_HYPER_PARAMETER}


def _names(ours: Definition, theirs: Definition, parent_name: str) -> Iterator[Finding]:
    if not all(isinstance(entry.name, str) for entry in [*ours.ranges, *theirs.ranges]):
        return  # not all names are known yet
    mine, other = ({*_static(each), *each.ranges_by_name} for each in (ours, theirs))
    for todo, names in (("add", other - mine), ("leave out", mine - other)):
        if names:
            listed = ", ".join(map(quoted, sorted(names)))
            text = f"the hyperparameters, static or tuned, must be those of {parent_name}: {todo} {listed}"
            yield Finding("W1", _PARENTS, text)


def _kinds(ours: Definition, theirs: Definition, parent_name: str) -> Iterator[Finding]:
    for name, entry in ours.ranges_by_name.items():
        other = theirs.ranges_by_name.get(name)
        if other is not None and other.kind != entry.kind:
            text = f"must have a range of the same kind as in {parent_name}: {other.kind}, got {entry.kind}"
            yield Finding("W1", entry.prop, text)


def _changes(ours: Definition, theirs: Definition, parent_name: str) -> Iterator[Finding]:
    """A categorical range that becomes static, or the reverse, counts as many times as it has values."""
    mine, other = _static(ours), _static(theirs)
    counts = {}
    for name in sorted((mine.keys() | ours.ranges_by_name.keys()) & (other.keys() | theirs.ranges_by_name.keys())):
        if name in mine and name in other:
            if isinstance(mine[name], str) and isinstance(other[name], str) and mine[name] != other[name]:
                counts[name] = 1
        elif name in mine or name in other:
            tuned = ours.ranges_by_name.get(name, theirs.ranges_by_name.get(name))
            values = None if tuned is None else tuned.entry.get("Values")
            counts[name] = len(values) if isinstance(values, list) else 1
    if sum(counts.values()) > MOST_CHANGES:
        listed = ", ".join(quoted(name) + (f" ({count})" if count > 1 else "") for name, count in counts.items())
        text = (
            f"at most {MOST_CHANGES} hyperparameters may change against {parent_name} between tuned and static, or in "
            f"their static value, a categorical one counting once for each of its values: keep more of them as they "
            f"are there, got {sum(counts.values())}: {listed}"
        )
        yield Finding("W1", _PARENTS, text)
