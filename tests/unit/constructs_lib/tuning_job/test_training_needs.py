"""How many instances jobs need, and that a stack's quotas declare their sum."""

from __future__ import annotations

import gc
import sys
from types import ModuleType
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from constructs_lib import (
    GpuTrainingQuota,
    HyperParameterTuningJob,
    OnShortfall,
    QuotaUsage,
    ResourceLimits,
    ValidationError,
)
from constructs_lib.training_needs import training_needs
from tests.unit.constructs_lib.tuning_job.samples import job_props

TRAINING, SPOT, WARM = QuotaUsage.TRAINING, QuotaUsage.SPOT_TRAINING, QuotaUsage.WARM_POOL


def request(parallel: Any, *definitions: dict[str, Any]) -> dict[str, Any]:
    return {
        "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxParallelTrainingJobs": parallel}},
        "TrainingJobDefinitions": list(definitions),
    }


def on(name: str, count: Any, **members: Any) -> dict[str, Any]:
    return {"ResourceConfig": {"InstanceType": name, "InstanceCount": count, **members}}


@pytest.mark.parametrize(
    ("declared", "needs"),
    [
        (request(3, on("ml.p3.2xlarge", 2)), {("ml.p3.2xlarge", TRAINING): 6}),
        (
            request(3, on("ml.p3.2xlarge", 2), on("ml.p3.2xlarge", 4), on("ml.g5.xlarge", 1)),
            {("ml.p3.2xlarge", TRAINING): 12, ("ml.g5.xlarge", TRAINING): 3},
        ),
        (
            request(2, {**on("ml.g5.xlarge", 1), "EnableManagedSpotTraining": True}, on("ml.g5.xlarge", 3)),
            {("ml.g5.xlarge", SPOT): 2, ("ml.g5.xlarge", TRAINING): 6},
        ),
        (
            request(2, on("ml.g5.xlarge", 2, KeepAlivePeriodInSeconds=600)),
            {("ml.g5.xlarge", TRAINING): 4, ("ml.g5.xlarge", WARM): 4},
        ),
        (
            request(
                2,
                {
                    "ResourceConfig": {
                        "InstanceGroups": [
                            {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
                            {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2},
                            {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
                        ]
                    }
                },
            ),
            {("ml.g5.xlarge", TRAINING): 6, ("ml.c5.xlarge", TRAINING): 2},
        ),
        (
            request(
                2,
                {
                    "HyperParameterTuningResourceConfig": {
                        "InstanceConfigs": [
                            {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2},
                            {"InstanceType": "ml.g6.xlarge", "InstanceCount": 3},
                        ]
                    }
                },
            ),
            {("ml.g5.xlarge", TRAINING): 4, ("ml.g6.xlarge", TRAINING): 6},
        ),
        (request(object(), on("ml.g5.xlarge", 1)), {("ml.g5.xlarge", TRAINING): None}),
        (request(2, on("ml.g5.xlarge", object()), on("ml.g5.xlarge", 1)), {("ml.g5.xlarge", TRAINING): None}),
    ],
)
def test_needs_of_a_request(declared: dict[str, Any], needs: Any) -> None:
    assert training_needs(declared) == needs


class GpuQuotaProvider:
    SERVICE_TIMEOUT = WAITING_SERVICE_TIMEOUT = cdk.Duration.minutes(10)
    service_token = "arn:aws:lambda:eu-central-1:123456789012:function:quotas"

    @classmethod
    def get_or_create(cls, scope: Any) -> GpuQuotaProvider:
        return cls()

    def allow_requests(self) -> None:
        pass


@pytest.fixture(autouse=True)
def quota_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["constructs_lib.gpu_training_quota"]
    assert isinstance(module, ModuleType)
    monkeypatch.setattr(module, "GpuQuotaProvider", GpuQuotaProvider)


def test_a_stack_declares_the_sum_of_its_jobs_and_they_wait_for_it() -> None:
    stack = cdk.Stack(cdk.App(), "Tuning")
    HyperParameterTuningJob(stack, "First", **job_props())
    limits = ResourceLimits(max_parallel_training_jobs=6, max_number_of_training_jobs=8)
    HyperParameterTuningJob(stack, "Second", **job_props(resource_limits=limits))
    gc.collect()  # the jobs must be found even if Python has let go of them

    GpuTrainingQuota.for_jobs(stack, "Quota", on_shortfall=OnShortfall.REQUEST_AND_WAIT)

    template = Template.from_stack(stack)
    template.has_resource_properties(
        "Custom::GpuTrainingQuota",
        {
            "QuotaName": "ml.g4dn.xlarge for training job usage",
            "Instances": 2 + 6,
            "OnShortfall": "REQUEST_AND_WAIT",
        },
    )
    (needed,) = template.find_resources("Custom::GpuTrainingQuota")
    jobs = template.find_resources("Custom::HyperParameterTuningJob").values()
    assert [needed in job["DependsOn"] for job in jobs] == [True, True]


def test_what_is_not_known_yet_must_be_declared() -> None:
    stack = cdk.Stack(cdk.App(), "Tuning")
    with pytest.raises(ValidationError, match="the stack has no tuning job yet: declare its jobs first"):
        GpuTrainingQuota.for_jobs(stack, "Quota")
    parallel = cdk.CfnParameter(stack, "Parallel", type="Number").value_as_number
    limits = ResourceLimits(max_parallel_training_jobs=parallel, max_number_of_training_jobs=8)
    HyperParameterTuningJob(stack, "Job", **job_props(resource_limits=limits))

    with pytest.raises(ValidationError, match=r"instances of ml\.g4dn\.xlarge is known at deployment only"):
        GpuTrainingQuota.for_jobs(stack, "Quota")
