"""Rules A1 to A5, A7 and A8: hyperparameters against what the algorithm's documentation says of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from ..algorithms import AlgorithmFacts
from ..algorithms.facts import Categorical, HyperParameter, Integer, Numeric
from ..numbers import exact
from ._registry import Finding, quoted, search_space_rule, warning
from .view import Definition, Range, known_number, mapping


@search_space_rule("A1", "A2", "A3", "A4", "A5", "A7", "A8")
def hyper_parameters(definition: Definition) -> Iterator[Finding]:
    """Each is documented, can be given like this, has valid values and an effect; what is required is there."""
    facts = definition.algorithm
    if facts is None or not facts.hyper_parameters:
        return
    yield from _static(facts, definition)
    for entry in definition.ranges:
        yield from _range(facts, definition, entry)
    yield from _required(facts, definition)
    yield from _watched_metric(facts, definition)


def _static(facts: AlgorithmFacts, definition: Definition) -> Iterator[Finding]:
    for name, value in definition.static.items():
        parameter = facts.hyper_parameters.get(name)
        problem = parameter.problem(value) if parameter is not None and isinstance(value, str) else None
        if parameter is None:
            yield warning("A1", _static_prop(definition, name), _unknown(facts, name))
        elif problem:
            yield Finding("A3", _static_prop(definition, name), f"{problem}, got {value!r}")
        if parameter is not None and not _applies(facts, definition, parameter):
            yield warning("A5", _static_prop(definition, name), f"{_no_effect(parameter)}: leave it out")


def _static_prop(definition: Definition, name: str) -> str:
    return f"{definition.at}static_hyper_parameters[{quoted(name)}]"


def _unknown(facts: AlgorithmFacts, name: str) -> str:
    close = get_close_matches(name, facts.hyper_parameters, n=1)
    hint = f"did you mean {close[0]}?" if close else f"{facts.name}.hyper_parameters() lists all"
    return f"{facts.name} documents no hyperparameter of this name, {hint}"


def _no_effect(parameter: HyperParameter) -> str:
    ways = " or ".join(f"{name} is {' or '.join(values)}" for name, values in parameter.applies_to.items())
    return f"has no effect unless {ways}"


def _applies(facts: AlgorithmFacts, definition: Definition, parameter: HyperParameter) -> bool:
    """Whether a hyperparameter has an effect in at least one configuration."""
    for name, values in parameter.applies_to.items():
        possible = _possible(facts, definition, name)
        if possible is None or not possible.isdisjoint(values):
            return True
    return not parameter.applies_to


def _possible(facts: AlgorithmFacts, definition: Definition, name: str) -> set[str] | None:
    """The values that a hyperparameter may have in this tuning job; None if not all are known."""
    entry = definition.ranges_by_name.get(name)
    if entry is not None:
        values = entry.entry.get("Values")
        known = isinstance(values, list) and all(isinstance(value, str) for value in values)
        return set(values) if isinstance(values, list) and known else None
    if name in definition.static:
        value = definition.static[name]
        return {value} if isinstance(value, str) else None
    default = facts.hyper_parameters[name].default_text
    return None if default is None else {default}


def _range(facts: AlgorithmFacts, definition: Definition, entry: Range) -> Iterator[Finding]:
    if not isinstance(entry.name, str) or entry.kind == "auto":
        return
    parameter = facts.hyper_parameters.get(entry.name)
    if parameter is None:
        yield Finding("A1", entry.prop, _unknown(facts, entry.name))
        return
    wrong = _kind_problem(parameter, entry.kind)
    if wrong:
        yield Finding("A2", entry.prop, wrong)
        return
    yield from _values(facts, definition, parameter, entry)
    if not _applies(facts, definition, parameter):
        text = f"{_no_effect(parameter)}, every value would give the same result: leave it out"
        yield Finding("A5", entry.prop, text)


def _kind_problem(parameter: HyperParameter, kind: str) -> str | None:
    if not isinstance(parameter, Numeric | Categorical):
        return "cannot be tuned: give it in static_hyper_parameters"
    if kind == "categorical":
        return None
    if isinstance(parameter, Categorical):
        return f"is tuned over a set of values: use a categorical range, got one of kind {kind}"
    if isinstance(parameter, Integer) and kind == "continuous":
        return "takes whole numbers: use an integer range, got a continuous one"
    return None


def _values(
    facts: AlgorithmFacts, definition: Definition, parameter: HyperParameter, entry: Range
) -> Iterator[Finding]:
    for value in _given(entry):
        problem = parameter.problem(value) if isinstance(value, str) else None
        if problem:
            yield Finding("A3", entry.prop, f"{problem}, got {value!r}")
            return
    bounds = entry.bounds
    recommended = None if bounds is None else _recommended(facts, definition, parameter)
    if recommended is not None and bounds is not None and bounds[0] < bounds[1]:
        low, high = recommended
        if bounds[0] < low or bounds[1] > high:
            text = f"the documentation recommends {exact(low)} to {exact(high)}, "
            yield warning("A4", entry.prop, f"{text}got {exact(bounds[0])} to {exact(bounds[1])}")


def _given(entry: Range) -> list[Any]:
    if entry.kind != "categorical":  # what is no finite number is R7's
        return [text for text in map(entry.entry.get, ("MinValue", "MaxValue")) if _is_finite(text)]
    values = entry.entry.get("Values")
    return values if isinstance(values, list) else []


def _is_finite(value: Any) -> bool:
    found = known_number(value)
    return found is not None and math.isfinite(found)


def _recommended(
    facts: AlgorithmFacts, definition: Definition, parameter: HyperParameter
) -> tuple[float, float] | None:
    if not isinstance(parameter, Numeric):
        return None
    for name, by_value in parameter.recommended_by.items():
        possible = _possible(facts, definition, name)
        if possible is None:
            return None
        each = [by_value[value] for value in possible if value in by_value]
        if each:
            return min(low for low, _ in each), max(high for _, high in each)
    return parameter.recommended


def _required(facts: AlgorithmFacts, definition: Definition) -> Iterator[Finding]:
    for name, parameter in facts.hyper_parameters.items():
        if parameter.required and name not in definition.static and name not in definition.ranges_by_name:
            text = f"{facts.name} needs it, static or tuned, got none"
            yield Finding("A8", _static_prop(definition, name), text)


def _watched_metric(facts: AlgorithmFacts, definition: Definition) -> Iterator[Finding]:
    name = facts.objective_parameter
    metric = mapping(definition.objective).get("MetricName")
    if name is None or not isinstance(metric, str) or metric not in facts.metrics:
        return
    wanted = metric.rsplit(":", 1)[-1]
    possible = _possible(facts, definition, name)
    if possible is not None and not all(wanted in value.split(",") for value in possible):
        got = ", ".join(sorted(possible))
        text = f"training watches {got} while the tuning job optimises {metric}: give {quoted(wanted)}"
        yield warning("A7", _static_prop(definition, name), text)
