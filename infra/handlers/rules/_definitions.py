"""Rules T1 to T5, O2 and G1: definitions, channels, resources, metrics, secrets and tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..contract import OWNER_TAGS
from ._registry import Finding, once, quoted, rule, search_space_rule, warning
from .view import Definition, Job, fleets, is_instance_type, items, known_number, mapping

MOST_METRICS_DOCUMENTED = 20
MOST_TAGS = 50 - len(OWNER_TAGS)


@rule("T1")
def one_or_several(job: Job) -> Iterator[Finding]:
    """Either one definition, with objective and ranges at the job, or a list, each with its own."""
    single, several = job.request.get("TrainingJobDefinition"), job.request.get("TrainingJobDefinitions")
    if (single is None) == (several is None):
        got = "neither" if single is None else "both"
        text = f"exactly one of training_job_definition and training_job_definitions must be given, got {got}"
        yield Finding("T1", "training_job_definition", text)
    if several is not None:
        yield from _several(job)
    elif single is not None:
        for member, prop in (("TuningObjective", "objective"), ("HyperParameterRanges", "ranges")):
            if member in mapping(single):
                text = f"stands at the tuning job itself with a single definition: move it to the job's {prop}"
                yield Finding("T1", f"training_job_definition.{prop}", text)


def _several(job: Job) -> Iterator[Finding]:
    for member, prop in (("HyperParameterTuningJobObjective", "objective"), ("ParameterRanges", "ranges")):
        if member in job.config:
            text = "with training_job_definitions each definition has its own: move it there"
            yield Finding("T1", prop, text)
    for definition in job.definitions:
        if "DefinitionName" not in definition.request:
            yield Finding("T1", f"{definition.at}definition_name", "must be given in a list of definitions, got none")
        for member, prop in (("TuningObjective", "objective"), ("HyperParameterRanges", "ranges")):
            if member not in definition.request:
                yield Finding("T1", f"{definition.at}{prop}", "must be given in a list of definitions, got none")
    names = [entry.get("DefinitionName") for entry in items(job.request.get("TrainingJobDefinitions"))]
    yield from once("T1", "training_job_definitions", "definition_name", names)


@rule("T2")
def channels(job: Job) -> Iterator[Finding]:
    """Channel names are unique and each channel has one source; their number is in the model."""
    for definition in job.definitions:
        given = definition.request.get("InputDataConfig")
        if given is None:
            yield Finding("T2", f"{definition.at}channels", "1 to 20 channels must be given, got none")
        entries = items(given)
        names = [entry.get("ChannelName") for entry in entries]
        yield from once("T2", f"{definition.at}channels", "channel name", names)
        for entry in entries:
            source = mapping(entry.get("DataSource"))
            if len(source) != 1:
                got = ", ".join(sorted(source)) if source else "none"
                prop = f"{definition.at}channels[{quoted(entry.get('ChannelName'))}]"
                yield Finding("T2", prop, f"must have exactly one source, S3 or file system, got {got}")


@rule("T3")
def spot(job: Job) -> Iterator[Finding]:
    """Managed spot training waits for capacity and can be interrupted."""
    for definition in job.definitions:
        stopping = mapping(definition.request.get("StoppingCondition"))
        wait, runtime = stopping.get("MaxWaitTimeInSeconds"), stopping.get("MaxRuntimeInSeconds")
        uses_spot = definition.request.get("EnableManagedSpotTraining")
        prop = f"{definition.at}max_wait_time"
        if wait is not None and uses_spot in (None, False):
            yield Finding("T3", prop, f"is for managed spot training only, got {wait} seconds without it")
        if uses_spot is True and wait is None:
            yield Finding("T3", prop, "must be given with managed spot training, got none")
        waits, runs = known_number(wait), known_number(runtime)
        if waits is not None and runs is not None and waits < runs:
            yield Finding("T3", prop, f"must be at least max_runtime, got {waits} and {runs} seconds")
        if uses_spot is True and "CheckpointConfig" not in definition.request:
            text = "an interrupted spot training job starts again from nothing: say where it saves its state, got none"
            yield warning("T3", f"{definition.at}checkpoint_config", text)


@rule("T4")
def resources(job: Job) -> Iterator[Finding]:
    """One way to say which instances train; all bounds are in the model."""
    for definition in job.definitions:
        plain = definition.request.get("ResourceConfig")
        flexible = definition.request.get("HyperParameterTuningResourceConfig")
        if plain is not None and flexible is not None:
            text = "must not be given together with instance_type and its companions, got both"
            yield Finding("T4", f"{definition.at}tuning_resource_config", text)
        elif not plain and not flexible:
            text = "instance_type, instance_groups or tuning_resource_config must be given, got none"
            yield Finding("T4", f"{definition.at}instance_type", text)
        config_ = mapping(plain)
        if "InstanceType" in config_ and "InstanceGroups" in config_:
            text = "must not be given together with instance_groups, got both"
            yield Finding("T4", f"{definition.at}instance_type", text)
        for prop, entry in fleets(definition):
            name = entry.get("InstanceType")
            if isinstance(name, str) and not is_instance_type(name):
                text = f"must be one of SageMaker's instance types, such as ml.g5.xlarge, got {name!r}"
                yield Finding("T4", f"{definition.at}{prop}instance_type", text)
        groups = [group.get("InstanceGroupName") for group in items(config_.get("InstanceGroups"))]
        yield from once("T4", f"{definition.at}instance_groups", "instance_group_name", groups)


@rule("O2")
def metric_definitions(job: Job) -> Iterator[Finding]:
    """The service reads a metric as what one capture group matched; lengths are in the model."""
    for definition in job.definitions:
        entries = items(mapping(definition.request.get("AlgorithmSpecification")).get("MetricDefinitions"))
        prop = f"{definition.at}algorithm.metric_definitions"
        for entry in entries:
            problem = _regex_problem(entry.get("Regex"))
            if problem:
                yield Finding("O2", f"{prop}[{quoted(entry.get('Name'))}]", problem)
        yield from once("O2", prop, "metric name", [entry.get("Name") for entry in entries])
        if MOST_METRICS_DOCUMENTED < len(entries) <= 40:
            most = f"the documentation allows {MOST_METRICS_DOCUMENTED} metrics, the API 40"
            text = f"{most}: leave some out, got {len(entries)}"
            yield warning("O2", prop, text)


def _regex_problem(regex: Any) -> str | None:
    if not isinstance(regex, str):
        return None
    try:
        groups = re.compile(regex).groups
    except re.error as error:
        return f"must be a regular expression ({error}), got {regex!r}"
    if groups != 1:
        return f"must have exactly one capture group, which holds the value, got {groups} in {regex!r}"
    return None


_SECRET_NAME = re.compile(
    r"(^|[_\-.])(password|passwd|secret|token|api[_\-]?key|access[_\-]?key|credentials?)([_\-.]|$)", re.I
)
_SECRET_VALUE = re.compile(r"(?<![A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])|-----BEGIN [A-Z ]*PRIVATE KEY-----")
_HARMLESS = re.compile(r"^$|^-?[0-9.]+$|^(true|false|none|null)$", re.I)


@rule("T5")
def secrets(job: Job) -> Iterator[Finding]:
    """Hyperparameters and environment are shown to all who may describe the job; the service refuses secrets there."""
    for definition in job.definitions:
        for prop, values in (
            ("static_hyper_parameters", definition.static),
            ("environment", mapping(definition.request.get("Environment"))),
        ):
            for name, value in values.items():
                if _looks_secret(name, value):
                    text = "must not hold a credential (value not shown): let the program read it from a secret store"
                    yield Finding("T5", f"{definition.at}{prop}[{quoted(name)}]", text)


@search_space_rule("T5")
def secret_values(definition: Definition) -> Iterator[Finding]:
    """The values that a hyperparameter may take are shown too."""
    for entry in definition.ranges:
        if any(isinstance(v, str) and _SECRET_VALUE.search(v) for v in entry.entry.get("Values", ()) or ()):
            yield Finding("T5", entry.prop, "must not hold a credential (value not shown)")


def _looks_secret(name: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    # A number or switch is no secret, whatever it is called: max_token = 100. Nor is the name of a place to read one.
    named = bool(_SECRET_NAME.search(name)) and not _HARMLESS.match(value) and not value.startswith("arn:")
    return named or bool(_SECRET_VALUE.search(value))


@rule("G1")
def tags(job: Job) -> Iterator[Finding]:
    """Keys are unique and not AWS's own, and some room is left; their length is in the model."""
    keys = [tag.get("Key") for tag in items(job.request.get("Tags"))]
    own = [key for key in keys if key not in OWNER_TAGS]
    if len(own) > MOST_TAGS:
        text = (
            f"at most {MOST_TAGS} can be given, since {len(OWNER_TAGS)} of 50 are added at deployment, got {len(own)}"
        )
        yield Finding("G1", "tags", text)
    yield from once("G1", "tags", "key", keys)
    for key in keys:
        if isinstance(key, str) and key.lower().startswith("aws:"):
            yield Finding("G1", f"tags[{quoted(key)}]", 'keys that start with "aws:" are reserved, choose another')
