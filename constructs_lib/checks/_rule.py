"""What a check is, and the tuning job that it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Definition:
    """A training job definition of a tuning job.

    Attributes:
        name: its name in a list of definitions; None for a single one.
        request: its members, keyed as in the template.
    """

    name: str | None
    request: Mapping[str, Any]

    def section(self, member: str) -> Mapping[str, Any]:
        """A structure of the definition; an empty one if it is not given."""
        return section(self.request, member)


@dataclass(frozen=True)
class Job:
    """A tuning job as it stands in the template.

    Attributes:
        request: the request in keyed form; values that are known at deployment only are CloudFormation's intrinsics.
    """

    request: Mapping[str, Any]

    def definitions(self) -> Iterator[Definition]:
        """Every training job definition."""
        single = self.request.get("TrainingJobDefinition")
        if isinstance(single, Mapping):
            yield Definition(None, single)
        for name, definition in section(self.request, "TrainingJobDefinitions").items():
            if isinstance(definition, Mapping):
                yield Definition(name, definition)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A check of a tuning job.

    Attributes:
        id: second part of the id by which a finding is acknowledged, as in ``Tuning-VolumeEncryption``.
        info: what is wrong, in a sentence that says what to do.
        explanation: why it matters.
        breaks: the findings: the names of what breaks the rule, None for the single definition or the job itself.
        warns: whether a finding is a warning. Default: False, an error.
    """

    id: str
    info: str
    explanation: str
    breaks: Callable[[Job], Iterator[str | None]]
    warns: bool = False


def each_definition(is_broken: Callable[[Definition], bool]) -> Callable[[Job], Iterator[str | None]]:
    """A check that looks at each definition for itself."""

    def breaks(job: Job) -> Iterator[str | None]:
        return (definition.name for definition in job.definitions() if is_broken(definition))

    return breaks


def section(structure: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    """A structure inside another; an empty one if it is not given or known at deployment only."""
    found = structure.get(member)
    return found if isinstance(found, Mapping) and not is_intrinsic(found) else {}


def is_intrinsic(value: Any) -> bool:
    """Whether a value is known at deployment only: a check cannot look at it, and does not complain about it."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    (name,) = value
    return isinstance(name, str) and (name == "Ref" or name.startswith("Fn::"))


def instances(definition: Definition) -> Iterator[list[tuple[Any, Any]]]:
    """The fleets that a training job may run on, each a list of instance type and count."""
    config, flexible = definition.section("ResourceConfig"), definition.section("HyperParameterTuningResourceConfig")
    groups = section(config, "InstanceGroups")
    if groups:
        yield [(group.get("InstanceType"), group.get("InstanceCount")) for group in groups.values()]
    choices = flexible.get("InstanceConfigs")
    preferences = config.get("InstancePreferences")
    singles = [config, flexible, *(choices if isinstance(choices, list) else [])]
    singles += preferences if isinstance(preferences, list) else []
    for one in singles:
        if isinstance(one, Mapping) and "InstanceType" in one:
            yield [(one["InstanceType"], one.get("InstanceCount", config.get("InstanceCount")))]
