"""What a deployment does to each tuning job and solution, against a base assembly, and what of it changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from infra.handlers import contract
from infra.handlers.keyed import FREE, KEYS
from infra.handlers.personalize_contract import IMPORTS, SOLUTION
from infra.handlers.personalize_contract import TAGS as SOLUTION_TAGS
from infra.review.assembly import TemplateResource
from infra.review.request import intrinsic_text, is_intrinsic


class Action(StrEnum):
    """What happens to a tuning job, or to a Personalize solution."""

    STARTS = "starts"
    """It is new."""
    REPLACED = "replaced"
    """A new job starts and the old one is stopped."""
    RETRAINED = "retrained"
    """A solution goes on, and a new version of it is trained on other imports."""
    TAGGED = "tags change"
    """It goes on with other tags, or with another life cycle."""
    UNCHANGED = "unchanged"
    """It goes on, or its results stay."""
    STOPS = "stops"
    """It is no longer declared."""
    DELETED = "deleted"
    """A solution that is no longer declared."""
    KEPT = "kept"
    """It is no longer declared but goes on, since its removal policy retains it."""
    REFUSED = "refused"
    """Its declaration changed and its name did not: the deployment will fail."""


SPENDING = frozenset({Action.STARTS, Action.REPLACED, Action.RETRAINED, Action.REFUSED})
"""What makes training jobs run that would not run otherwise."""


_NAMES = {contract.TUNING_JOB_RESOURCE_TYPE: contract.TUNING_JOB_NAME, SOLUTION.resource_type: SOLUTION.name}
"""The property with the name, by resource type."""

_IN_PLACE = frozenset({contract.TAGS, SOLUTION_TAGS, *contract.LIFE_CYCLE})
_BY_NAME = FREE | KEYS.keys()
# Parts of a leaf's place that all have, and that say nothing.
_COMMON = ("HyperParameterTuningJobConfig", "solutionConfig", "hpoConfig")
_RANGES = ("ParameterRanges", "HyperParameterRanges", "algorithmHyperParameterRanges")


@dataclass(frozen=True)
class LeafChange:
    """A member of the declaration that differs.

    Attributes:
        name: its place, such as ``ParameterRanges.learning_rate.MaxValue``.
        old: what it was; None if it is new.
        new: what it is; None if it is gone.
    """

    name: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.name} added: {self.new}"
        return f"{self.name} removed: {self.old}" if self.new is None else f"{self.name} {self.old} → {self.new}"


@dataclass(frozen=True)
class Change:
    """What a deployment does to one tuning job.

    Attributes:
        action: what happens.
        old_name: the job's name in the base; None if it is new.
        leaves: the members of the declaration that differ.
    """

    action: Action
    old_name: str | None = None
    leaves: tuple[LeafChange, ...] = ()


def change_of(new: TemplateResource | None, old: TemplateResource | None) -> Change:
    """What becomes of the job that is declared by ``old`` in the base and by ``new`` now."""
    if old is None:
        return Change(Action.STARTS)
    old_name = job_name(old)
    if new is None:
        return Change(_end_of(old), old_name)
    leaves = tuple(leaf_changes(_declaration(old), _declaration(new)))
    if job_name(new) != old_name:
        return Change(Action.REPLACED, old_name, leaves)
    if not leaves:
        return Change(Action.UNCHANGED, old_name)
    changed = {leaf.name.partition(".")[0] for leaf in leaves}
    if changed <= _IN_PLACE:
        return Change(Action.TAGGED, old_name, leaves)
    return Change(Action.RETRAINED if changed <= {IMPORTS} | _IN_PLACE else Action.REFUSED, old_name, leaves)


def _end_of(old: TemplateResource) -> Action:
    if old.retained or old.properties.get(contract.DELETION_BEHAVIOR) == contract.DELETION_RETAIN:
        return Action.KEPT
    return Action.DELETED if old.type == SOLUTION.resource_type else Action.STOPS


def job_name(resource: TemplateResource) -> str:
    """The name of a resource's tuning job or solution."""
    return _shown(resource.properties.get(_NAMES[resource.type], "no name"))


def leaf_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[LeafChange]:
    """The differences of two declarations in keyed form, in the order of their names."""
    yield from sorted(_differences(old, new, ()), key=lambda change: change.name)


def _declaration(resource: TemplateResource) -> dict[str, Any]:
    outside = contract.ENVELOPE | {_NAMES[resource.type]}
    inputs = {IMPORTS: list(resource.inputs)} if resource.inputs else {}
    return {**{name: value for name, value in resource.properties.items() if name not in outside}, **inputs}


def _differences(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[LeafChange]:
    if old == new:
        return
    if not _is_structure(old) or not _is_structure(new):
        yield LeafChange(_name(path), _shown(old), _shown(new))
        return
    for key in old.keys() | new.keys():
        here = (*path, key)
        before, after = old.get(key), new.get(key)
        if key in _BY_NAME and _is_map_or_absent(before) and _is_map_or_absent(after):
            # The first or last entry of a list by name is an entry like any other.
            yield from _differences(before if key in old else {}, after if key in new else {}, here)
        elif key not in new:
            yield LeafChange(_name(here), _shown(before), None)
        elif key not in old:
            yield LeafChange(_name(here), None, _shown(after))
        else:
            yield from _differences(before, after, here)


def _is_map_or_absent(value: Any) -> bool:
    return value is None or (_is_structure(value) and bool(value))


def _is_structure(value: Any) -> bool:
    return isinstance(value, Mapping) and not is_intrinsic(value)


def _name(path: tuple[str, ...]) -> str:
    """The place of a leaf without the parts that every declaration has and that say nothing."""
    parts = list(path)
    while len(parts) > 1 and parts[0] in _COMMON:
        del parts[0]
    # A hyperparameter has one range, so its name says enough without the kind.
    for index in range(len(parts) - 2):
        if parts[index] in _RANGES:
            del parts[index + 1]
            break
    return ".".join(_quoted(part) for part in parts)


def _quoted(part: str) -> str:
    return part if part.replace("_", "").replace("-", "").isalnum() else json.dumps(part, ensure_ascii=False)


def _shown(value: Any) -> str:
    if is_intrinsic(value):
        return f"({intrinsic_text(value)})"
    if isinstance(value, str):
        return value if value and value == value.strip() else json.dumps(value)
    if isinstance(value, Mapping):
        if set(value) == {"minValue", "maxValue"}:
            return f"{_shown(value['minValue'])} to {_shown(value['maxValue'])}"
        if set(value) - {"ScalingType"} == {"MinValue", "MaxValue"}:
            scaling = f", {_shown(value['ScalingType'])}" if "ScalingType" in value else ""
            return f"{_shown(value['MinValue'])} to {_shown(value['MaxValue'])}{scaling}"
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items()) if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value)}]"
    return json.dumps(value)
