"""Rules O1, T2 and A6: objective, channels and instances against what is known of the algorithm."""

from __future__ import annotations

from collections.abc import Iterator

from ..algorithms import AlgorithmFacts
from ._registry import Finding, quoted, rule
from .view import Definition, Job, fleets, is_instance_type, items, mapping


@rule("O1")
def objectives(job: Job) -> Iterator[Finding]:
    """The objective is a metric that the algorithm emits, or that the declaration defines, in its better direction."""
    for definition in job.definitions:
        if definition.algorithm is not None:
            yield from _objective(definition.algorithm, definition)


def _objective(facts: AlgorithmFacts, definition: Definition) -> Iterator[Finding]:
    objective = mapping(definition.objective)
    metric, direction = objective.get("MetricName"), objective.get("Type")
    if not isinstance(metric, str):
        return
    prop = f"{definition.owner}objective"
    specification = mapping(definition.request.get("AlgorithmSpecification"))
    defined = [entry.get("Name") for entry in items(specification.get("MetricDefinitions"))]
    emitted = {*facts.metrics, *(name for name in defined if isinstance(name, str))}
    if metric not in emitted and (facts.metrics or facts.needs_metric_definitions):
        choice = f"it emits {', '.join(sorted(emitted))}" if emitted else "it has no metric_definitions: add one"
        yield Finding("O1", prop, f"must be a metric that the algorithm emits; {choice}; got {quoted(metric)}")
    better = facts.metrics.get(metric)
    if better is not None and isinstance(direction, str) and direction != better:
        use = f"Objective.{better.lower()}({quoted(metric)})"
        yield Finding("O1", prop, f"{metric} is to be {better.lower()}d: use {use}, got {direction}")


@rule("T2")
def required_channels(job: Job) -> Iterator[Finding]:
    """All channels that the algorithm does not train without."""
    for definition in job.definitions:
        given = definition.request.get("InputDataConfig")
        if definition.algorithm is None or not isinstance(given, list):
            continue
        needed, names = definition.algorithm.required_channels, [entry.get("ChannelName") for entry in items(given)]
        missing = [name for name in needed if name not in names]
        if missing:
            text = f"{definition.algorithm.name} needs the channels {', '.join(needed)}; "
            text += f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
            yield Finding("T2", f"{definition.at}channels", text)


@rule("A6")
def instances(job: Job) -> Iterator[Finding]:
    """Instances that the algorithm trains on."""
    for definition in job.definitions:
        if definition.algorithm is not None:
            yield from _instances(definition.algorithm, definition)


def _instances(facts: AlgorithmFacts, definition: Definition) -> Iterator[Finding]:
    for prop, entry in fleets(definition):
        instance, count = entry.get("InstanceType"), entry.get("InstanceCount")
        if facts.gpu_only and isinstance(instance, str) and is_instance_type(instance) and not _has_gpu(instance):
            text = f"{facts.name} trains on GPU instances only (g and p families), got {instance}"
            yield Finding("A6", f"{definition.at}{prop}instance_type", text)
        if facts.single_instance and isinstance(count, int) and count != 1:
            text = f"{facts.name} trains on a single instance, which may have several GPUs: give 1, got {count}"
            yield Finding("A6", f"{definition.at}{prop}instance_count", text)


def _has_gpu(instance_type: str) -> bool:
    return instance_type.split(".")[1][:1] in ("g", "p")
