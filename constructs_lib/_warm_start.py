"""Rule W1 where a job starts from a job of the same app: what the service refuses is known before it is deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra.handlers.rules import Finding
from infra.handlers.rules.view import Definition, definitions, mapping, quoted

_PROP = "warm_start_config.parents"


def check_parent(request: Mapping[str, Any], parent_path: str, parent: Mapping[str, Any]) -> Iterator[Finding]:
    """What differs between a request and its parent's, both without tokens, that must not."""
    ours, theirs = list(definitions(request)), list(definitions(parent))
    if len(ours) != 1 or len(theirs) != 1:
        if len(theirs) > 1:
            text = f"{parent_path} has several training job definitions, a parent must have a single one"
            yield Finding("W1", _PROP, text)
        return
    yield from _objective(ours[0], theirs[0], parent_path)
    yield from _hyper_parameters(ours[0], theirs[0], parent_path)


def _objective(ours: Definition, theirs: Definition, parent_path: str) -> Iterator[Finding]:
    mine, other = mapping(ours.objective), mapping(theirs.objective)
    for member in ("MetricName", "Type"):
        here, there = mine.get(member), other.get(member)
        if isinstance(here, str) and isinstance(there, str) and here != there:
            yield Finding("W1", _PROP, f"the objective must be that of {parent_path}: {there}, got {here}")


def _hyper_parameters(ours: Definition, theirs: Definition, parent_path: str) -> Iterator[Finding]:
    mine, other = _kinds(ours), _kinds(theirs)
    if mine is None or other is None:
        return
    for todo, names in (("add", other.keys() - mine.keys()), ("leave out", mine.keys() - other.keys())):
        if names:
            listed = ", ".join(map(quoted, sorted(names)))
            text = f"the hyperparameters, static or tuned, must be those of {parent_path}: {todo} {listed}"
            yield Finding("W1", _PROP, text)
    for name in sorted(mine.keys() & other.keys()):
        kinds = {mine[name], other[name]} - {"static"}
        if len(kinds) == 2:
            text = f"must have a range of the same kind as in {parent_path}: {other[name]}, got {mine[name]}"
            yield Finding("W1", f"ranges[{quoted(name)}]", text)


def _kinds(definition: Definition) -> dict[str, str] | None:
    """How each hyperparameter is given; None if not all names are known."""
    found = dict.fromkeys(definition.static, "static")
    for entry in definition.ranges():
        if not isinstance(entry.name, str):
            return None
        found[entry.name] = entry.kind
    return found
