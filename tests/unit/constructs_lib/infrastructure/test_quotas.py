"""Quotas of training instances."""

from __future__ import annotations

from collections.abc import Callable

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from constructs_lib.errors import ValidationError
from constructs_lib.gpu_training_quota import GpuTrainingQuota, OnShortfall
from tests.unit.constructs_lib.infrastructure.deployment import Deployment
from tests.unit.constructs_lib.infrastructure.templates import actions, resources, statements


def test_quotas_say_what_is_needed_and_request_only_where_told_to(deployment: Deployment) -> None:
    quotas = resources(deployment.data_template, "Custom::GpuTrainingQuota").values()
    declared = [{key: value for key, value in each["Properties"].items() if key != "ServiceToken"} for each in quotas]

    assert declared == [
        {
            "ServiceTimeout": "600",
            "QuotaName": "ml.p3.2xlarge for training job usage",
            "Instances": 2,
            "OnShortfall": "REQUEST_INCREASE",
        },
        {
            "ServiceTimeout": "600",
            "QuotaName": "ml.g5.xlarge for spot training job usage",
            "Instances": {"Ref": "Number"},
            "OnShortfall": "FAIL",
        },
    ]
    reading = [
        "servicequotas:ListAWSDefaultServiceQuotas",
        "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
        "servicequotas:ListServiceQuotas",
    ]
    requesting = ["iam:CreateServiceLinkedRole", "servicequotas:RequestServiceQuotaIncrease"]
    logging = ["logs:CreateLogStream", "logs:PutLogEvents"]
    allowed = actions(statements(deployment.data_template, "GpuQuotaProviderRole"))
    assert allowed == sorted(reading + requesting + logging)
    stack = cdk.Stack(None, "Stack")
    GpuTrainingQuota(stack, "Quota", instance_type="ml.g5.xlarge", instances=1, on_shortfall=OnShortfall.WARN)
    cautious = actions(statements(Template.from_stack(stack), "GpuQuotaProviderRole"))
    assert cautious == sorted(reading + logging)


def _stack(region: str | None = None) -> cdk.Stack:
    return cdk.Stack(None, "Stack", env=cdk.Environment(region=region))


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "quota": (
        lambda: GpuTrainingQuota(_stack(), "Quota", instance_type="p3.2xlarge", instances=0),
        "Stack/Quota: the declaration breaks 2 rules:\n  instance_type must be one of SageMaker's, such as "
        "'ml.g5.xlarge', got 'p3.2xlarge'\n  instances must be a whole number of at least 1, got 0",
    ),
    "half an instance": (
        lambda: GpuTrainingQuota(_stack(), "Quota", instance_type="ml.p3.2xlarge", instances=1.5),
        "Stack/Quota: instances must be a whole number of at least 1, got 1.5",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_declarations_fail_at_synth(case: str) -> None:
    declare, message = BAD[case]

    with pytest.raises(ValidationError) as raised:
        declare()

    assert str(raised.value) == message
