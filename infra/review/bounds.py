"""The most that a tuning job can use: training jobs, instance-hours, money.

Every bound is one that the service keeps: the number of training jobs, the runtime of each, that of the tuning job.
Where one of them is known at deployment only, the others still hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from infra.review.amounts import Amount, Unknown, Whole, largest, lowest_known, product, section, total, whole
from infra.review.fleets import Fleet, Instances, fleets, is_spot
from infra.review.prices import Prices
from infra.review.space import search_space

DEFAULT_TRAINING_SECONDS: Final = 24 * 3600
"""The runtime of a training job that declares none."""

LONGEST_TUNING_SECONDS: Final = 30 * 24 * 3600
"""The runtime of a tuning job that declares none."""

_HOUR: Final = Decimal(3600)
_NO_INSTANCES: Final = Unknown("no instances are declared")


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The most that a tuning job can use.

    Attributes:
        training_jobs: how many it can start.
        instance_hours: for how long its instances can run, all together.
        cost: what they can cost, in US dollars.
    """

    training_jobs: Amount
    instance_hours: Amount
    cost: Amount


def bounds(request: Mapping[str, Any], prices: Prices, region: str | None) -> Bounds:
    """The bounds of a request's tuning job."""
    every = list(definitions(request))
    jobs = _training_jobs(request, every)
    hours: list[Amount] = []
    costs: list[Amount] = []
    for definition in every:
        seconds = _training_seconds(request, definition, jobs)
        spot = is_spot(definition) is True  # where it is not known, the dearer price holds
        for fleet in fleets(definition) or ((Instances(_NO_INSTANCES, _NO_INSTANCES),),):
            hours.append(_hours(fleet, seconds))
            costs.append(_cost(fleet, seconds, prices, region, spot=spot))
    return Bounds(training_jobs=jobs, instance_hours=largest(hours), cost=largest(costs))


def definitions(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The training job definitions, the single one or the list."""
    single = request.get("TrainingJobDefinition")
    if isinstance(single, Mapping):
        yield single
    several = request.get("TrainingJobDefinitions")
    if isinstance(several, list):
        yield from (definition for definition in several if isinstance(definition, Mapping))


def ranges_of(request: Mapping[str, Any], definition: Mapping[str, Any]) -> Any:
    """The ranges that count for a definition: with a single one they stand at the tuning job."""
    if request.get("TrainingJobDefinition") is definition:
        return section(request, "HyperParameterTuningJobConfig").get("ParameterRanges", {})
    return definition.get("HyperParameterRanges", {})


def limits_of(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource limits."""
    return section(request, "HyperParameterTuningJobConfig", "ResourceLimits")


def _training_jobs(request: Mapping[str, Any], every: list[Mapping[str, Any]]) -> Amount:
    config = section(request, "HyperParameterTuningJobConfig")
    if config.get("Strategy") == "Grid" and "MaxNumberOfTrainingJobs" not in limits_of(request):
        sizes = [search_space(ranges_of(request, definition)).size for definition in every]
        return total(Unknown("the grid is infinite") if size is None else size for size in sizes)
    return whole(limits_of(request), "MaxNumberOfTrainingJobs", Unknown("MaxNumberOfTrainingJobs is not given"))


def _training_seconds(request: Mapping[str, Any], definition: Mapping[str, Any], jobs: Amount) -> Amount:
    """The most seconds that all training jobs can run, if all are of this definition."""
    warm = whole(section(definition, "ResourceConfig"), "KeepAlivePeriodInSeconds", 0)
    one = whole(section(definition, "StoppingCondition"), "MaxRuntimeInSeconds", DEFAULT_TRAINING_SECONDS)
    tuning = whole(limits_of(request), "MaxRuntimeInSeconds", LONGEST_TUNING_SECONDS)
    # Warm instances are paid for while they wait for the next training job.
    by_count = product([jobs, total([one, warm])])
    by_time = product([parallel_jobs(request), total([tuning, warm])])
    return lowest_known([by_count, by_time])


def _hours(fleet: Fleet, seconds: Amount) -> Amount:
    instances = total(instances.count for instances in fleet)
    used = product([instances, seconds])
    return used if isinstance(used, Unknown) else used / _HOUR


def _cost(fleet: Fleet, seconds: Amount, prices: Prices, region: str | None, *, spot: bool) -> Amount:
    used = total(
        product([instances.count, seconds, _price(instances.instance_type, prices, region, spot=spot)])
        for instances in fleet
    )
    return used if isinstance(used, Unknown) else used / _HOUR


def _price(instance_type: str | Unknown, prices: Prices, region: str | None, *, spot: bool) -> Amount:
    return instance_type if isinstance(instance_type, Unknown) else prices.hourly(instance_type, region, spot=spot)


def parallel_jobs(request: Mapping[str, Any]) -> Whole:
    """How many training jobs run at the same time at most."""
    return whole(limits_of(request), "MaxParallelTrainingJobs", Unknown("MaxParallelTrainingJobs is not given"))
