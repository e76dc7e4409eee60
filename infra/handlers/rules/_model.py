"""Rule M: the request fits the service's model. Bounds that belong to a numbered rule are reported under its id."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from ..model import TUNING_JOB, RequestModel, shapes
from ..remembered import exactly, remembered
from ._props import Path, public_name
from ._registry import UNRESOLVED, Finding, rule
from .view import Job

# The model's bounds on these members are part of a numbered rule.
_RULE_OF: Final[Mapping[str, str]] = {
    "HyperParameterTuningJobName": "N1",
    "MinValue": "R7",
    "MaxValue": "R7",
    "Values": "R4",
    "StaticHyperParameters": "T5",
    "MaxNumberOfTrainingJobs": "L1",
    "MaxParallelTrainingJobs": "L1",
    "MaxRuntimeInSeconds": "L3",
    "MaxResource": "S2",
    "MinResource": "S2",
    "MetricDefinitions": "O2",
    "Regex": "O2",
    "MaxNumberOfTrainingJobsNotImproving": "C1",
    "TrainingJobDefinitions": "T1",
    "DefinitionName": "T1",
    "InputDataConfig": "T2",
    "ChannelName": "T2",
    "MaxWaitTimeInSeconds": "T3",
    "MaximumRetryAttempts": "T4",
    "Environment": "T4",
    "InstanceConfigs": "T4",
    "InstanceGroups": "T4",
    "KeepAlivePeriodInSeconds": "T4",
    "MaxPendingTimeInSeconds": "T4",
    "ParentHyperParameterTuningJobs": "W1",
    "Tags": "G1",
}
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
}
_WORDS: Final = {
    "structure": "a structure",
    "map": "a map",
    "list": "a list",
    "string": "a string",
    "integer": "a whole number",
    "long": "a whole number",
    "float": "a number",
    "double": "a number",
    "boolean": "True or False",
}


@rule("M", "N1")
def fits_model(job: Job) -> Iterator[Finding]:
    """Types, required members, lengths, bounds, patterns and closed choices as in the service's model."""
    for path, text in misfits(job.request, TUNING_JOB):
        names = [part for part in path if isinstance(part, str)]
        rule_id = next((_RULE_OF[name] for name in reversed(names[-2:]) if name in _RULE_OF), "M")
        yield Finding(rule_id, public_name(path, job.request), text)


def misfits(request: Mapping[str, Any], model: RequestModel) -> list[Misfit]:
    """Where, and how, a request of any operation does not fit the service's model."""
    return _checker(model.service, model.outermost)(request)


Misfit = tuple[Path, str]
_Checker = Callable[[Any], list[Misfit]]
"""What the model says against a value; paths are seen from the value."""

_FITS: Final[list[Misfit]] = []

# Of structures with such a member, the ranges and definitions: jobs of an app often have the same.
_REMEMBERED: Final = frozenset({"ContinuousParameterRanges", "AlgorithmSpecification", "MetricDefinitions"})


@cache
def _checker(service: str, shape_name: str) -> _Checker:
    """The check of a shape, put together once: each declaration has hundreds of values."""
    shape = shapes(service)[shape_name]
    kind: str = shape["type"]
    types = _TYPES[kind]
    problem = _problem_of(shape)
    inside = _inside(service, shape)

    def check(value: Any) -> list[Misfit]:
        if value is UNRESOLVED:
            return _FITS
        if not isinstance(value, types) or (value is True or value is False) is not (kind == "boolean"):
            return [((), f"must be {_WORDS[kind]}, got {value!r}")]
        text = None if problem is None else problem(value)
        found = _FITS if inside is None else inside(value)
        return found if text is None else [((), text), *found]

    return check


def _inside(service: str, shape: Mapping[str, Any]) -> _Checker | None:
    """The check of what a value holds; None if it holds nothing."""
    match shape["type"]:
        case "structure":
            members = {name: _checker(service, member) for name, member in shape["members"].items()}
            check = _members(members, shape["required"])
            return check if _REMEMBERED.isdisjoint(members) else remembered(exactly)(check)
        case "list":
            return _entries(_checker(service, shape["member"]))
        case "map":
            return _map_entries(_checker(service, shape["key"]), _checker(service, shape["value"]))
    return None


def _members(members: Mapping[str, _Checker], required: Sequence[str]) -> _Checker:
    def check(value: Any) -> list[Misfit]:
        found: list[Misfit] = [((name,), "must be given, got none") for name in required if name not in value]
        for name, item in value.items():
            if name not in members:
                found.append(((name,), f"is not a member of the request, got {item!r}"))
            else:
                found += _below(name, members[name](item))
        return found

    return check


def _entries(check_entry: _Checker) -> _Checker:
    def check(value: Any) -> list[Misfit]:
        return [misfit for index, item in enumerate(value) for misfit in _below(index, check_entry(item))]

    return check


def _map_entries(check_key: _Checker, check_value: _Checker) -> _Checker:
    def check(value: Any) -> list[Misfit]:
        return [misfit for key, item in value.items() for misfit in _below(key, [*check_key(key), *check_value(item)])]

    return check


def _below(part: str | int, misfits: list[Misfit]) -> list[Misfit]:
    """Misfits of a member or an entry, as its owner sees them."""
    return [((part, *path), text) for path, text in misfits] if misfits else misfits


def _problem_of(shape: Mapping[str, Any]) -> Callable[[Any], str | None] | None:
    """What says what the model has against a value of the right type; None if it can have nothing against it."""
    kind, low, high = shape["type"], shape.get("min"), shape.get("max")
    if not {"min", "max", "enum", "pattern"} & shape.keys():
        return None
    if kind not in ("string", "list", "map"):
        return lambda value: None if _is_between(low, value, high) else f"must be {_interval(low, high)}, got {value}"
    choices, pattern = shape.get("enum"), None if "pattern" not in shape else _pattern(shape["pattern"])
    noun = "characters" if kind == "string" else "entries"

    def problem(value: Any) -> str | None:
        if not _is_between(low, len(value), high):
            text = f"must have {_interval(low, high)} {noun}, got {len(value)}"
            return f"{text}: {value[:60]!r}" if kind == "string" and value else text
        if choices is not None and value not in choices:
            return f"must be one of {', '.join(choices)}, got {value!r}"
        if pattern is not None and not pattern.fullmatch(value):
            return f"must match {shape['pattern']}, got {value!r}"
        return None

    return problem


def _is_between(low: float | None, value: float, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _interval(low: int | None, high: int | None) -> str:
    if high is None:
        return f"at least {low}"
    return f"{low} to {high}" if low else f"at most {high}"


def _pattern(pattern: str) -> re.Pattern[str]:
    # Java's classes for letters, separators and digits: Python's re has no \p. "." there spans lines for our purpose.
    translated = pattern.replace(r"\p{L}\p{Z}\p{N}", r"\w\s").replace(r"\p{L}", r"\w")
    return re.compile(translated, re.DOTALL)
