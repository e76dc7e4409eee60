"""The instances that the training jobs of a definition may run on, and the quotas that these count against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.review.amounts import Unknown, Whole, entries, section, unknown, whole
from infra.review.request import Intrinsic

_NO_COUNT = Unknown("no number of instances is declared")


@dataclass(frozen=True)
class Instances:
    """So many instances of one type.

    Attributes:
        instance_type: such as ``ml.g4dn.xlarge``; unknown where it is known at deployment only.
        count: how many in each training job.
    """

    instance_type: str | Unknown
    count: Whole

    def __str__(self) -> str:
        return f"{self.count} x {self.instance_type}"


Fleet = tuple[Instances, ...]
"""All instances of one training job."""


def fleets(definition: Mapping[str, Any]) -> tuple[Fleet, ...]:
    """The fleets that a training job may get: one, or each of several choices; none if none is declared."""
    return (*_tuning_fleets(definition), *_training_fleets(definition))


def fleet_text(choices: tuple[Fleet, ...]) -> str:
    """The fleets in words."""
    if not choices:
        return "no instances declared"
    return " or ".join(" and ".join(str(instances) for instances in fleet) for fleet in choices)


def is_spot(definition: Mapping[str, Any]) -> bool | Unknown:
    """Whether training jobs run on spot capacity."""
    value = definition.get("EnableManagedSpotTraining", False)
    return value if isinstance(value, bool) else unknown(value, "EnableManagedSpotTraining")


def usages(definition: Mapping[str, Any]) -> tuple[str, ...]:
    """The ends of the names of the quotas that the instances count against.

    Where spot is known at deployment only, both quotas may be needed.
    """
    spot = is_spot(definition)
    named = ["spot training job usage"] if spot is not False else []
    named += ["training job usage"] if spot is not True else []
    if section(definition, "ResourceConfig").get("KeepAlivePeriodInSeconds") not in (None, 0):
        named.append("training warm pool usage")
    return tuple(named)


def _tuning_fleets(definition: Mapping[str, Any]) -> Iterator[Fleet]:
    config = definition.get("HyperParameterTuningResourceConfig")
    if isinstance(config, Intrinsic):
        yield (Instances(unknown(config, "HyperParameterTuningResourceConfig"), _NO_COUNT),)
        return
    choices = section(config).get("InstanceConfigs")
    if isinstance(choices, Intrinsic):
        yield (Instances(unknown(choices, "InstanceConfigs"), _NO_COUNT),)
    for choice in entries(choices):
        yield (_instances(choice),)
    if "InstanceType" in section(config):
        yield (_instances(section(config)),)


def _training_fleets(definition: Mapping[str, Any]) -> Iterator[Fleet]:
    config = definition.get("ResourceConfig")
    if isinstance(config, Intrinsic):
        yield (Instances(unknown(config, "ResourceConfig"), _NO_COUNT),)
        return
    groups = section(config).get("InstanceGroups")
    if isinstance(groups, Intrinsic):
        yield (Instances(unknown(groups, "InstanceGroups"), _NO_COUNT),)
    elif entries(groups):
        yield tuple(_instances(group) for group in entries(groups))
    elif "InstanceType" in section(config):
        yield (_instances(section(config)),)
    count = whole(section(config), "InstanceCount", _NO_COUNT)
    for preference in entries(section(config).get("InstancePreferences")):
        yield (_instances(preference, count),)


def _instances(structure: Mapping[str, Any], count: Whole = _NO_COUNT) -> Instances:
    instance_type = structure.get("InstanceType")
    return Instances(
        instance_type if isinstance(instance_type, str) else unknown(instance_type, "InstanceType"),
        whole(structure, "InstanceCount", count),
    )
