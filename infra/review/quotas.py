"""The quotas that an assembly's tuning jobs need, against those that it declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.handlers import contract
from infra.review.amounts import Amount, Unknown, largest, lowest_known, product, total, whole
from infra.review.assembly import TemplateResource
from infra.review.bounds import definitions, limits_of, parallel_jobs
from infra.review.fleets import fleets, usages
from infra.review.request import Intrinsic, is_intrinsic


@dataclass(frozen=True, kw_only=True)
class QuotaNeed:
    """A quota that tuning jobs need when all of them run at the same time.

    Attributes:
        environment: account and region, such as ``aws://123456789012/eu-west-1``.
        name: the quota's name, such as ``ml.g4dn.xlarge for training job usage``.
        needed: instances that run at the same time.
        declared: instances that the assembly's quota resources ask for; None if it has none for this quota.
    """

    environment: str
    name: str
    needed: Amount
    declared: Amount | None

    @property
    def covered(self) -> bool | None:
        """Whether the declared quota is enough; None if that is known at deployment only."""
        if self.declared is None:
            return False
        if isinstance(self.needed, Unknown) or isinstance(self.declared, Unknown):
            return None
        return self.declared >= self.needed


def quota_needs(
    requests: Iterable[tuple[TemplateResource, Mapping[str, Any]]], declared: Iterable[TemplateResource]
) -> Iterator[QuotaNeed]:
    """The quotas that jobs, given with their requests, need, in the order of environment and name."""
    needed: dict[tuple[str, str], list[Amount]] = {}
    for job, request in requests:
        for name, amount in _needs_of(request).items():
            needed.setdefault((job.environment, name), []).append(amount)
    available: dict[tuple[str, str], list[Amount]] = {}
    for resource in declared:
        place = (resource.environment, str(resource.properties.get(contract.QUOTA_NAME)))
        available.setdefault(place, []).append(_instances(resource.properties.get(contract.QUOTA_INSTANCES)))
    for place, amounts in sorted(needed.items()):
        # Two declarations of one quota do not add up: each asks for a value at least.
        found = largest(available[place]) if place in available else None
        yield QuotaNeed(environment=place[0], name=place[1], needed=total(amounts), declared=found)


def _needs_of(request: Mapping[str, Any]) -> dict[str, Amount]:
    """What one tuning job needs of each quota; with several choices of instances, of each as if it were taken."""
    jobs = whole(limits_of(request), "MaxNumberOfTrainingJobs", Unknown("MaxNumberOfTrainingJobs is not given"))
    parallel = lowest_known([parallel_jobs(request), jobs])
    found: dict[str, list[Amount]] = {}
    for definition in definitions(request):
        for instances in (one for fleet in fleets(definition) for one in fleet):
            for usage in usages(definition):
                name = f"{instances.instance_type} for {usage}"
                found.setdefault(name, []).append(product([parallel, instances.count]))
    return {name: largest(amounts) for name, amounts in found.items()}


def _instances(value: Any) -> Amount:
    if is_intrinsic(value):
        return Unknown(f"{contract.QUOTA_INSTANCES} is {Intrinsic(value)}")
    try:
        return int(value)
    except (TypeError, ValueError):
        return Unknown(f"{contract.QUOTA_INSTANCES} is not readable: {value!r}")
