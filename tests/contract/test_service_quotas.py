from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from infra.local.home import Home
from infra.local.service_quotas import ServiceQuotasService, TrainingUsage, training_quotas
from tests.support.endpoint import client, serving

INSTANCE_TYPES = (
    botocore.session.Session().get_service_model("sagemaker").shape_for("TrainingInstanceType").metadata["enum"]
)
G4DN = "L-3F53BF0F"
P5 = "L-82E1C851"


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def quotas(home: Home, clock: Clock) -> Iterator[Any]:
    with serving(ServiceQuotasService(home, grant_after=timedelta(0), now=clock)) as url:
        yield client("service-quotas", url)


@pytest.fixture
def slow_quotas(home: Home, clock: Clock) -> Iterator[Any]:
    with serving(ServiceQuotasService(home, grant_after=timedelta(hours=1), now=clock)) as url:
        yield client("service-quotas", url)


def refusal(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def test_there_is_one_quota_for_each_instance_type_and_usage(quotas: Any) -> None:
    pages = list(quotas.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker"))
    listed = [quota for page in pages for quota in page["Quotas"]]
    assert len(pages) == -(-len(listed) // 100)
    assert {quota["QuotaName"] for quota in listed} == {f"{t} for {u}" for t in INSTANCE_TYPES for u in TrainingUsage}
    assert len({quota["QuotaCode"] for quota in listed}) == len(listed) == 3 * len(INSTANCE_TYPES)


def test_codes_are_those_of_aws_where_they_are_known() -> None:
    assert training_quotas()[G4DN].name == "ml.g4dn.xlarge for training job usage"
    assert training_quotas()[P5].name == "ml.p5.48xlarge for training job usage"


def test_a_quota_is_shown_in_full(quotas: Any) -> None:
    assert quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode=G4DN)["Quota"] == {
        "ServiceCode": "sagemaker",
        "ServiceName": "Amazon SageMaker",
        "QuotaArn": "arn:aws:servicequotas:us-east-1:000000000000:sagemaker/L-3F53BF0F",
        "QuotaCode": G4DN,
        "QuotaName": "ml.g4dn.xlarge for training job usage",
        "Value": 1.0,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "QuotaAppliedAtLevel": "ACCOUNT",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ml.m5.large for training job usage", 4),
        ("ml.m5.large for spot training job usage", 4),
        ("ml.m5.large for training warm pool usage", 0),
        ("ml.g5.xlarge for training job usage", 1),
        ("ml.p3.2xlarge for training job usage", 0),
        ("ml.trn1.2xlarge for training job usage", 0),
    ],
)
def test_defaults_are_a_new_accounts(quotas: Any, name: str, value: float) -> None:
    pages = quotas.get_paginator("list_aws_default_service_quotas").paginate(ServiceCode="sagemaker")
    [found] = [quota["Value"] for page in pages for quota in page["Quotas"] if quota["QuotaName"] == name]
    assert found == value


def test_an_increase_counts_at_once_and_leaves_the_default(quotas: Any) -> None:
    asked = quotas.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=P5, DesiredValue=2)
    change = asked["RequestedQuota"]
    assert (change["Status"], change["DesiredValue"], change["QuotaCode"]) == ("APPROVED", 2.0, P5)
    assert quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode=P5)["Quota"]["Value"] == 2
    assert quotas.get_aws_default_service_quota(ServiceCode="sagemaker", QuotaCode=P5)["Quota"]["Value"] == 0
    [listed] = quotas.list_service_quotas(ServiceCode="sagemaker", QuotaCode=P5)["Quotas"]
    assert listed["Value"] == 2


def test_an_increase_survives_a_restart(home: Home, quotas: Any) -> None:
    quotas.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=P5, DesiredValue=2)
    with serving(ServiceQuotasService(home)) as url:
        again = client("service-quotas", url)
        assert again.get_service_quota(ServiceCode="sagemaker", QuotaCode=P5)["Quota"]["Value"] == 2


def test_a_pending_request_is_the_only_one_until_it_is_granted(slow_quotas: Any, clock: Clock) -> None:
    ask = slow_quotas.request_service_quota_increase
    change = ask(ServiceCode="sagemaker", QuotaCode=P5, DesiredValue=2)["RequestedQuota"]
    assert (change["Status"], change["Created"]) == ("PENDING", clock.time)
    assert slow_quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode=P5)["Quota"]["Value"] == 0
    assert refusal(ask, ServiceCode="sagemaker", QuotaCode=P5, DesiredValue=3) == (
        "ResourceAlreadyExistsException",
        "a request for an increase of ml.p5.48xlarge for training job usage is already open",
    )
    clock.time += timedelta(hours=1)
    granted = slow_quotas.get_requested_service_quota_change(RequestId=change["Id"])["RequestedQuota"]
    assert (granted["Status"], granted["LastUpdated"]) == ("APPROVED", clock.time)
    assert slow_quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode=P5)["Quota"]["Value"] == 2
    ask(ServiceCode="sagemaker", QuotaCode=P5, DesiredValue=3)


def test_the_history_is_newest_first_and_can_be_filtered(slow_quotas: Any, clock: Clock) -> None:
    slow_quotas.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=P5, DesiredValue=2)
    clock.time += timedelta(hours=2)
    slow_quotas.request_service_quota_increase(ServiceCode="sagemaker", QuotaCode=G4DN, DesiredValue=3)

    def codes(**filters: Any) -> list[str]:
        history = slow_quotas.list_requested_service_quota_change_history(**filters)
        return [change["QuotaCode"] for change in history["RequestedQuotas"]]

    assert codes() == codes(ServiceCode="sagemaker") == [G4DN, P5]
    assert codes(Status="PENDING") == [G4DN]
    assert codes(QuotaRequestedAtLevel="RESOURCE") == []
    by_quota = slow_quotas.list_requested_service_quota_change_history_by_quota(ServiceCode="sagemaker", QuotaCode=P5)
    assert [change["DesiredValue"] for change in by_quota["RequestedQuotas"]] == [2.0]
    pages = slow_quotas.get_paginator("list_requested_service_quota_change_history").paginate(
        PaginationConfig={"PageSize": 1}
    )
    assert [len(page["RequestedQuotas"]) for page in pages] == [1, 1]


def test_sagemaker_is_the_one_service(quotas: Any) -> None:
    assert quotas.list_services()["Services"] == [{"ServiceCode": "sagemaker", "ServiceName": "Amazon SageMaker"}]


@pytest.mark.parametrize(
    ("operation", "request_", "code", "message"),
    [
        (
            "get_service_quota",
            {"ServiceCode": "ec2", "QuotaCode": P5},
            "NoSuchResourceException",
            "the local AWS has quotas of the service sagemaker only, got ec2",
        ),
        (
            "get_aws_default_service_quota",
            {"ServiceCode": "sagemaker", "QuotaCode": "L-0"},
            "NoSuchResourceException",
            "sagemaker has no quota L-0",
        ),
        (
            "get_requested_service_quota_change",
            {"RequestId": "abc"},
            "NoSuchResourceException",
            "there is no request abc",
        ),
        (
            "request_service_quota_increase",
            {"ServiceCode": "sagemaker", "QuotaCode": G4DN, "DesiredValue": 1},
            "IllegalArgumentException",
            "the desired value must be greater than the current value 1, got 1",
        ),
        (
            "request_service_quota_increase",
            {"ServiceCode": "sagemaker", "QuotaCode": G4DN, "DesiredValue": -1},
            "ValidationException",
            "1 validation error detected: Value '-1.0' at 'desiredValue' failed to satisfy constraint: "
            "Member must have value greater than or equal to 0",
        ),
        (
            "list_service_quotas",
            {"ServiceCode": "sagemaker", "NextToken": "bm8="},
            "InvalidPaginationTokenException",
            "NextToken bm8= is not one that a list gave out",
        ),
        (
            "list_service_quotas",
            {"ServiceCode": "sagemaker", "MaxResults": 101},
            "ValidationException",
            "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: "
            "Member must have value less than or equal to 100",
        ),
    ],
)
def test_refusals(quotas: Any, operation: str, request_: dict[str, Any], code: str, message: str) -> None:
    assert refusal(getattr(quotas, operation), **request_) == (code, message)


def test_a_damaged_record_is_named_and_kept(home: Home) -> None:
    home.service_quotas_json.write_text('{"requests": [{"id": 1}]}')
    with pytest.raises(ValueError, match=r"service-quotas\.json is not readable .* move it away"):
        ServiceQuotasService(home)
    assert home.service_quotas_json.read_text() == '{"requests": [{"id": 1}]}'
