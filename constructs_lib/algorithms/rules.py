"""Rules O1, T2 and A1 to A8: a declaration against what its algorithm says about itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from constructs_lib.algorithms.algorithm import Algorithm
from constructs_lib.algorithms.hyper_parameters import (
    CategoricalHyperParameter,
    HyperParameter,
    IntegerHyperParameter,
    NumericHyperParameter,
    default_text,
)
from infra.handlers.numbers import exact
from infra.handlers.rules import Finding, warning
from infra.handlers.rules.view import Definition, Range, items, mapping, quoted


def check_algorithm(algorithm: Algorithm, definition: Definition) -> Iterator[Finding]:
    """All findings about one definition and its algorithm."""
    yield from _objective(algorithm, definition)
    yield from _channels(algorithm, definition)
    known = algorithm.hyper_parameters()
    if known:
        yield from _static(algorithm, known, definition)
        for entry in definition.ranges():
            yield from _range(algorithm, known, definition, entry)
        yield from _required(algorithm, known, definition)
        yield from _optimized_metric(algorithm, definition)
    yield from _instances(algorithm, definition)


def _objective(algorithm: Algorithm, definition: Definition) -> Iterator[Finding]:
    objective = mapping(definition.objective)
    metric, direction = objective.get("MetricName"), objective.get("Type")
    if not isinstance(metric, str):
        return
    prop = f"{definition.owner}objective"
    used = algorithm.used_metric_definitions
    defined = set() if used is None else set(used)
    emitted = set(algorithm.metrics) | defined
    if metric not in emitted and (algorithm.metrics or algorithm.needs_metric_definitions):
        choice = f"it emits {', '.join(sorted(emitted))}" if emitted else "it has no metric_definitions: add one"
        text = f"must be a metric that the algorithm emits; {choice}; got {quoted(metric)}"
        yield Finding("O1", prop, text)
    if metric in algorithm.own_metric_definitions and algorithm.is_built_in is False and metric not in defined:
        name = type(algorithm).__name__
        text = f"the service knows the metrics of AWS's own image only: give {name} the image as a {name}Image, or "
        yield warning("O1", prop, f"{text}metric_definitions={name}.own_metric_definitions; got none")
    expected = algorithm.metrics.get(metric)
    if expected is not None and isinstance(direction, str) and direction != expected.value:
        verb = f"Objective.{expected.name.lower()}({quoted(metric)})"
        yield Finding("O1", prop, f"{metric} is to be {expected.value.lower()}d: use {verb}, got {direction}")


def _channels(algorithm: Algorithm, definition: Definition) -> Iterator[Finding]:
    given = definition.request.get("InputDataConfig")
    if not isinstance(given, list):
        return
    names = [entry.get("ChannelName") for entry in items(given)]
    missing = [name for name in algorithm.required_channels if name not in names]
    if missing:
        text = f"{type(algorithm).__name__} needs the channels {', '.join(algorithm.required_channels)}; "
        text += f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        yield Finding("T2", f"{definition.at}channels", text)


def _static(algorithm: Algorithm, known: Mapping[str, HyperParameter], definition: Definition) -> Iterator[Finding]:
    for name, value in definition.static.items():
        prop = f"{definition.at}static_hyper_parameters[{quoted(name)}]"
        if name not in known:
            yield warning("A1", prop, _unknown(algorithm, known, name))
            continue
        problem = known[name].problem(value) if isinstance(value, str) else None
        if problem:
            yield Finding("A3", prop, f"{problem}, got {value!r}")
        if not _applies(known, definition, known[name]):
            yield warning("A5", prop, _no_effect(known[name]))


def _unknown(algorithm: Algorithm, known: Mapping[str, HyperParameter], name: str) -> str:
    close = get_close_matches(name, known, n=1)
    hint = f", did you mean {close[0]}?" if close else ""
    return f"{type(algorithm).__name__} documents no hyperparameter of this name{hint}"


def _no_effect(parameter: HyperParameter) -> str:
    ways = " or ".join(f"{name} is {' or '.join(values)}" for name, values in parameter.applies_to.items())
    return f"has no effect unless {ways}"


def _applies(known: Mapping[str, HyperParameter], definition: Definition, parameter: HyperParameter) -> bool:
    """Whether a hyperparameter has an effect in at least one configuration."""
    if not parameter.applies_to:
        return True
    return any(
        possible is None or bool(possible & set(values))
        for name, values in parameter.applies_to.items()
        for possible in [_possible(known, definition, name)]
    )


def _possible(known: Mapping[str, HyperParameter], definition: Definition, name: str) -> set[str] | None:
    """The values that a hyperparameter may have in this tuning job; None if not all are known."""
    for entry in definition.ranges():
        if entry.name == name:
            values = entry.entry.get("Values")
            known_values = isinstance(values, list) and all(isinstance(value, str) for value in values)
            return set(values) if isinstance(values, list) and known_values else None
    if name in definition.static:
        value = definition.static[name]
        return {value} if isinstance(value, str) else None
    default = default_text(known[name])
    return None if default is None else {default}


def _range(
    algorithm: Algorithm, known: Mapping[str, HyperParameter], definition: Definition, entry: Range
) -> Iterator[Finding]:
    if not isinstance(entry.name, str) or entry.kind == "auto":
        return
    parameter = known.get(entry.name)
    if parameter is None:
        yield Finding("A1", entry.prop, _unknown(algorithm, known, entry.name))
        return
    wrong = _kind_problem(parameter, entry)
    if wrong:
        yield Finding("A2", entry.prop, wrong)
        return
    yield from _values(parameter, definition, known, entry)
    if not _applies(known, definition, parameter):
        yield Finding("A5", entry.prop, f"{_no_effect(parameter)}: every value would give the same result")


def _kind_problem(parameter: HyperParameter, entry: Range) -> str | None:
    if not isinstance(parameter, NumericHyperParameter | CategoricalHyperParameter):
        return "cannot be tuned: give it in static_hyper_parameters"
    if entry.kind == "categorical":
        return None
    if isinstance(parameter, CategoricalHyperParameter):
        return f"is tuned over a set of values: use a categorical range, got one of kind {entry.kind}"
    if isinstance(parameter, IntegerHyperParameter) and entry.kind == "continuous":
        return "takes whole numbers: use an integer range, got a continuous one"
    return None


def _values(
    parameter: HyperParameter, definition: Definition, known: Mapping[str, HyperParameter], entry: Range
) -> Iterator[Finding]:
    given: list[Any] = []
    if entry.kind == "categorical":
        values = entry.entry.get("Values")
        given = values if isinstance(values, list) else []
    else:
        given = [entry.entry.get("MinValue"), entry.entry.get("MaxValue")]
    for value in given:
        problem = parameter.problem(value) if isinstance(value, str) else None
        if problem:
            yield Finding("A3", entry.prop, f"{problem}, got {value!r}")
            return
    recommended = _recommended(parameter, definition, known)
    bounds = entry.bounds()
    if recommended is not None and bounds is not None and bounds[0] < bounds[1]:
        low, high = recommended
        if bounds[0] < low or bounds[1] > high:
            text = f"the documentation recommends {exact(low)} to {exact(high)}, "
            yield warning("A4", entry.prop, f"{text}got {exact(bounds[0])} to {exact(bounds[1])}")


def _recommended(
    parameter: HyperParameter, definition: Definition, known: Mapping[str, HyperParameter]
) -> tuple[float, float] | None:
    if not isinstance(parameter, NumericHyperParameter):
        return None
    for name, by_value in parameter.recommended_by.items():
        possible = _possible(known, definition, name)
        if possible is None:
            return None
        each = [by_value[value] for value in possible if value in by_value]
        if each:
            return min(low for low, _ in each), max(high for _, high in each)
    return parameter.recommended


def _required(algorithm: Algorithm, known: Mapping[str, HyperParameter], definition: Definition) -> Iterator[Finding]:
    given = {*definition.static, *(entry.name for entry in definition.ranges())}
    for name, parameter in known.items():
        if parameter.required and name not in given:
            prop = f"{definition.at}static_hyper_parameters[{quoted(name)}]"
            yield Finding("A8", prop, f"{type(algorithm).__name__} needs it, static or tuned, got none")


def _optimized_metric(algorithm: Algorithm, definition: Definition) -> Iterator[Finding]:
    name = algorithm.objective_parameter
    metric = mapping(definition.objective).get("MetricName")
    if name is None or metric not in algorithm.metrics:
        return
    wanted = str(metric).rsplit(":", 1)[-1]
    possible = _possible(algorithm.hyper_parameters(), definition, name)
    if possible is not None and not all(wanted in value.split(",") for value in possible):
        prop = f"{definition.at}static_hyper_parameters[{quoted(name)}]"
        got = ", ".join(sorted(possible))
        text = f"training watches {got} while the tuning job optimises {metric}: give {quoted(wanted)}"
        yield warning("A7", prop, text)


def _instances(algorithm: Algorithm, definition: Definition) -> Iterator[Finding]:
    plain = mapping(definition.request.get("ResourceConfig"))
    flexible = mapping(definition.request.get("HyperParameterTuningResourceConfig"))
    prop = f"{definition.at}instance_type" if plain else f"{definition.at}tuning_resource_config"
    entries = [plain, flexible, *items(flexible.get("InstanceConfigs")), *items(plain.get("InstanceGroups"))]
    name = type(algorithm).__name__
    for entry in entries:
        instance, count = entry.get("InstanceType"), entry.get("InstanceCount")
        if algorithm.gpu_only and isinstance(instance, str) and not _has_gpu(instance):
            yield Finding("A6", prop, f"{name} trains on GPU instances only (g and p families), got {instance}")
        if algorithm.single_instance and isinstance(count, int) and count != 1:
            at = f"{definition.at}instance_count" if entry is plain else prop
            yield Finding("A6", at, f"{name} trains on a single instance, which may have several GPUs; got {count}")


def _has_gpu(instance_type: str) -> bool:
    return instance_type.split(".")[1:2] != [] and instance_type.split(".")[1][:1] in ("g", "p")
