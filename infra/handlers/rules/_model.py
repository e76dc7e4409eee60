"""Rule M: the request fits the service's model. Bounds that belong to a numbered rule are reported under its id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from ..model import TUNING_JOB, RequestModel
from ._props import Path, public_name
from ._registry import UNRESOLVED, Finding, rule

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
def fits_model(request: Mapping[str, Any]) -> Iterator[Finding]:
    """Types, required members, lengths, bounds, patterns and closed choices as in the service's model."""
    for path, text in misfits(request, TUNING_JOB):
        yield _finding(path, request, text)


def misfits(request: Mapping[str, Any], model: RequestModel) -> Iterator[tuple[Path, str]]:
    """Where, and how, a request of any operation does not fit the service's model."""
    yield from _check(request, model.outermost, model.shapes, ())


_Shapes = Mapping[str, Mapping[str, Any]]
_Misfits = Iterator[tuple[Path, str]]


def _check(value: Any, shape_name: str, shapes: _Shapes, path: Path) -> _Misfits:
    if value is UNRESOLVED:
        return
    shape = shapes[shape_name]
    kind: str = shape["type"]
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield path, f"must be {_WORDS[kind]}, got {value!r}"
    else:
        yield from _fitting(value, kind, shape, shapes, path)


def _fitting(value: Any, kind: str, shape: Mapping[str, Any], shapes: _Shapes, path: Path) -> _Misfits:
    problem = _problem(value, kind, shape)
    if problem:
        yield path, problem
    if kind == "structure":
        yield from _members(value, shape, shapes, path)
    elif kind == "list":
        for index, item in enumerate(value):
            yield from _check(item, shape["member"], shapes, (*path, index))
    elif kind == "map":
        for key, item in value.items():
            yield from _check(key, shape["key"], shapes, (*path, key))
            yield from _check(item, shape["value"], shapes, (*path, key))


def _members(value: Mapping[str, Any], shape: Mapping[str, Any], shapes: _Shapes, path: Path) -> _Misfits:
    for name in shape["required"]:
        if name not in value:
            yield (*path, name), "must be given, got none"
    for name, item in value.items():
        if name not in shape["members"]:
            yield (*path, name), f"is not a member of the request, got {item!r}"
        else:
            yield from _check(item, shape["members"][name], shapes, (*path, name))


def _problem(value: Any, kind: str, shape: Mapping[str, Any]) -> str | None:
    """What the model says against a value of the right type."""
    low, high = shape.get("min"), shape.get("max")
    if kind in ("string", "list", "map"):
        if (low is not None and len(value) < low) or (high is not None and len(value) > high):
            noun = {"string": "characters", "list": "entries", "map": "entries"}[kind]
            text = f"must have {_interval(low, high)} {noun}, got {len(value)}"
            return f"{text}: {value[:60]!r}" if kind == "string" and value else text
    elif (low is not None and value < low) or (high is not None and value > high):
        return f"must be {_interval(low, high)}, got {value}"
    if "enum" in shape and value not in shape["enum"]:
        return f"must be one of {', '.join(shape['enum'])}, got {value!r}"
    if "pattern" in shape and not _pattern(shape["pattern"]).fullmatch(value):
        return f"must match {shape['pattern']}, got {value!r}"
    return None


def _interval(low: int | None, high: int | None) -> str:
    if high is None:
        return f"at least {low}"
    return f"{low} to {high}" if low is not None else f"at most {high}"


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    # Java's classes for letters, separators and digits: Python's re has no \p. "." there spans lines for our purpose.
    translated = pattern.replace(r"\p{L}\p{Z}\p{N}", r"\w\s").replace(r"\p{L}", r"\w")
    return re.compile(translated, re.DOTALL)


def _finding(path: Path, request: Mapping[str, Any], text: str) -> Finding:
    names = [part for part in path if isinstance(part, str)]
    rule_id = next((_RULE_OF[name] for name in reversed(names[-2:]) if name in _RULE_OF), "M")
    return Finding(rule_id, public_name(path, request), text)
