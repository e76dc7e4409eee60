"""What is left for the deployment to check of a declaration with a known algorithm."""

from __future__ import annotations

from typing import Any

from infra.handlers.algorithms import KNOWN
from infra.handlers.rules import UNRESOLVED
from infra.handlers.rules.view import Definition, Job

_RESOURCES = ("ResourceConfig", "HyperParameterTuningResourceConfig")


def algorithms_to_check(job: Job) -> str | dict[str, str] | None:
    """The algorithms that the handler has to know, as the template names them; None if all has been checked."""
    known = [(each, each.algorithm) for each in job.definitions if each.algorithm is not None]
    names = {
        definition.name: facts.name
        for definition, facts in known
        if KNOWN.get(facts.name) is facts and _is_open(definition)
    }
    single = names.get(None)
    several = {name: algorithm for name, algorithm in names.items() if isinstance(name, str)}
    return single if single is not None else several if several else None


def _is_open(definition: Definition) -> bool:
    """Whether something that an algorithm's rules look at is known at deployment only."""
    looked_at = [definition.request.get(member) for member in _RESOURCES]
    if definition.search_space is None:  # else it holds plain values alone
        looked_at += [definition.objective, definition.static, [entry.entry for entry in definition.ranges]]
    return _holds_unresolved(looked_at)


def _holds_unresolved(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_unresolved, value.values()))
    return any(map(_holds_unresolved, value)) if isinstance(value, list) else value is UNRESOLVED
