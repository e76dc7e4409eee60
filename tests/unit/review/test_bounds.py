from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from infra.review.amounts import Unknown
from infra.review.bounds import bounds
from infra.review.prices import Price, Prices
from infra.review.request import request_with_intrinsics
from tests.unit.review.assemblies import properties

LIMITS = "HyperParameterTuningJobConfig/ResourceLimits"
DEFINITION = "TrainingJobDefinition"
PRICES = Prices(
    {
        "ml.g4dn.xlarge": Price(Decimal("0.7"), spot=Decimal("0.2")),
        "ml.p3.2xlarge": Price(Decimal(4)),
        "ml.m5.large": Price(Decimal("0.1")),
    }
)
FLEXIBLE = {
    "InstanceConfigs": [
        {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1},
        {"InstanceType": "ml.p3.2xlarge", "InstanceCount": 2, "VolumeSizeInGB": 1},
    ]
}
GROUPS = {
    "a": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1},
    "b": {"InstanceType": "ml.m5.large", "InstanceCount": 3},
}


def found(*changes: tuple[str, Any]) -> tuple[Any, Any, Any]:
    result = bounds(request_with_intrinsics(properties(*changes)), PRICES, "eu-west-1")
    return result.training_jobs, result.instance_hours, result.cost


@pytest.mark.parametrize(
    ("changes", "jobs", "hours", "cost"),
    [
        ([], 8, 4, "2.8"),
        ([(f"{DEFINITION}/ResourceConfig/InstanceCount", 3)], 8, 12, "8.4"),
        ([(f"{DEFINITION}/EnableManagedSpotTraining", True)], 8, 4, "0.8"),
        # The tuning job ends first: 2 at a time for an hour.
        ([(f"{LIMITS}/MaxRuntimeInSeconds", 3600)], 8, 2, "1.4"),
        # Each training job may run for a day if nothing else is said.
        ([(f"{DEFINITION}/StoppingCondition", {})], 8, 192, "134.4"),
        # Warm instances wait for an hour after each training job.
        ([(f"{DEFINITION}/ResourceConfig/KeepAlivePeriodInSeconds", 3600)], 8, 12, "8.4"),
        # The dearest of the choices.
        ([(f"{DEFINITION}/ResourceConfig", None), (f"{DEFINITION}/HyperParameterTuningResourceConfig", FLEXIBLE)],
            8, 8, "32"),
        ([(f"{DEFINITION}/ResourceConfig", {"InstanceGroups": GROUPS, "VolumeSizeInGB": 1})], 8, 16, "4"),
    ],
)  # fmt: skip
def test_the_most_that_a_job_can_use(changes: list[tuple[str, Any]], jobs: int, hours: int, cost: str) -> None:
    assert found(*changes) == (jobs, hours, Decimal(cost))


def test_a_grid_runs_each_combination_once() -> None:
    config = "HyperParameterTuningJobConfig"
    ranges = {"CategoricalParameterRanges": {"a": {"Values": ["1", "2", "3"]}, "b": {"Values": ["x", "y"]}}}
    grid = [
        (f"{config}/Strategy", "Grid"),
        (f"{config}/ParameterRanges", ranges),
        (f"{LIMITS}/MaxNumberOfTrainingJobs", None),
    ]
    assert found(*grid) == (6, 3, Decimal("2.1"))


def test_without_a_number_of_training_jobs_the_runtime_bounds_them() -> None:
    jobs, hours, _ = found((f"{LIMITS}/MaxNumberOfTrainingJobs", None))
    assert jobs == Unknown("MaxNumberOfTrainingJobs is not given")
    assert hours == 2 * 30 * 24


def test_several_definitions_are_bounded_by_the_dearest() -> None:
    single = properties()["TrainingJobDefinition"]
    dear = {**single, "ResourceConfig": {**single["ResourceConfig"], "InstanceType": "ml.p3.2xlarge"}}
    several = [(DEFINITION, None), ("TrainingJobDefinitions", {"cheap": single, "dear": dear})]
    assert found(*several) == (8, 4, 16)


REF = {"Ref": "P"}


@pytest.mark.parametrize(
    ("changes", "what", "reason"),
    [
        ([(f"{LIMITS}/MaxNumberOfTrainingJobs", REF), (f"{LIMITS}/MaxParallelTrainingJobs", REF)], 1,
            "MaxNumberOfTrainingJobs is known at deployment (Ref P); "
            "MaxParallelTrainingJobs is known at deployment (Ref P)"),
        ([(f"{DEFINITION}/ResourceConfig/InstanceCount", REF)], 1, "InstanceCount is known at deployment (Ref P)"),
        ([(f"{DEFINITION}/ResourceConfig/InstanceType", REF)], 2, "InstanceType is known at deployment (Ref P)"),
        ([(f"{DEFINITION}/ResourceConfig", REF)], 1, "no number of instances is declared"),
        ([(f"{DEFINITION}/ResourceConfig", None)], 1, "no instances are declared"),
        ([(f"{DEFINITION}/ResourceConfig/InstanceType", "ml.p5.48xlarge")], 2,
            "no price for ml.p5.48xlarge in eu-west-1"),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_said_with_its_reason(changes: list[tuple[str, Any]], what: int, reason: str) -> None:
    assert found(*changes)[what] == Unknown(reason)


def test_a_bound_holds_although_another_one_is_not_known() -> None:
    # 8 training jobs of half an hour, however many of them run at the same time.
    assert found((f"{LIMITS}/MaxParallelTrainingJobs", REF))[1] == 4


def test_unknown_spot_is_priced_on_demand() -> None:
    assert found((f"{DEFINITION}/EnableManagedSpotTraining", REF))[2] == Decimal("2.8")
