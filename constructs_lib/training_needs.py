"""How many instances tuning jobs need at the same time, by instance type and kind of use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from constructs import IConstruct

from infra.handlers.rules.view import definitions


class QuotaUsage(Enum):
    """What the instances are used for; each use has a quota of its own."""

    TRAINING = "training job usage"
    SPOT_TRAINING = "spot training job usage"
    WARM_POOL = "training warm pool usage"


TrainingNeeds = Mapping[tuple[str, QuotaUsage], int | None]
"""Instances by type and use; None where the number is known at deployment only."""

# Not in the tree's metadata: hundreds of jobs would ask another process to write it, and few stacks ever read it.
_DECLARED: Final[dict[IConstruct, Mapping[str, Any]]] = {}


def training_needs(request: Mapping[str, Any]) -> TrainingNeeds:
    """What a request needs, in the form in which tokens are marked.

    The parallel training jobs are those of the whole tuning job, whichever of its definitions they follow: so of
    several definitions on one instance type the one with the most instances counts.
    """
    limits = request.get("HyperParameterTuningJobConfig", {}).get("ResourceLimits", {})
    parallel = _whole(limits.get("MaxParallelTrainingJobs", 1))
    needs: dict[tuple[str, QuotaUsage], int | None] = {}
    for definition in definitions(request):
        for key, count in _of_one_job(definition.request).items():
            need = None if count is None or parallel is None else count * parallel
            known = needs.get(key, 0)
            needs[key] = None if known is None or need is None else max(known, need)
    return needs


def declare_needs(construct: IConstruct, request: Mapping[str, Any]) -> None:
    """Note what a construct asks for; keeps it, since a Python object may otherwise be gone before its tree is."""
    _DECLARED[construct] = request


def declared_needs(construct: IConstruct) -> TrainingNeeds | None:
    """What a construct needs; None if it is no tuning job."""
    request = _DECLARED.get(construct)
    return None if request is None else training_needs(request)


def sum_of(needs: Iterable[TrainingNeeds]) -> TrainingNeeds:
    """What several jobs need that run at the same time."""
    total: dict[tuple[str, QuotaUsage], int | None] = {}
    for each in needs:
        for key, need in each.items():
            known = total.get(key, 0)
            total[key] = None if known is None or need is None else known + need
    return total


def _of_one_job(definition: Mapping[str, Any]) -> TrainingNeeds:
    """What one training job of a definition needs."""
    spot = definition.get("EnableManagedSpotTraining") is True
    usage = QuotaUsage.SPOT_TRAINING if spot else QuotaUsage.TRAINING
    needs: dict[tuple[str, QuotaUsage], int | None] = {}
    resources = definition.get("ResourceConfig", {})
    for instance_type, count in _instances(resources, "InstanceGroups"):
        known = needs.get((instance_type, usage), 0)
        needs[instance_type, usage] = None if known is None or count is None else known + count
    if resources.get("KeepAlivePeriodInSeconds", 0) != 0:
        needs |= {(instance_type, QuotaUsage.WARM_POOL): count for (instance_type, _), count in needs.items()}
    # Of flexible instances a job takes the first that are there: any of the choices may be it.
    flexible = definition.get("HyperParameterTuningResourceConfig", {})
    for instance_type, count in _instances(flexible, "InstanceConfigs"):
        known = needs.get((instance_type, usage), 0)
        needs[instance_type, usage] = None if known is None or count is None else max(known, count)
    return needs


def _instances(resources: Mapping[str, Any], entries: str) -> Iterator[tuple[str, int | None]]:
    for entry in [resources, *resources.get(entries, [])]:
        if isinstance(entry.get("InstanceType"), str):
            yield entry["InstanceType"], _whole(entry.get("InstanceCount", 1))


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
