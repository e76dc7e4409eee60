from __future__ import annotations

from typing import Any

import pytest

from infra.handlers import clients, gpu_quota
from tests.support.fake_aws import FakeServiceQuotas, Refusal, client

NAME = "ml.p3.2xlarge for training job usage"
STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Data/11111111-aaaa-bbbb-cccc-000000000001"
LOGS = "(log group /group, stream stream-1)"


def quota(name: str, value: float, code: str, *, adjustable: bool = True) -> dict[str, Any]:
    return {"QuotaName": name, "Value": value, "QuotaCode": code, "Adjustable": adjustable}


@pytest.fixture
def service_quotas(monkeypatch: pytest.MonkeyPatch) -> FakeServiceQuotas:
    fake = FakeServiceQuotas(
        applied=[quota("ml.p3.2xlarge for spot training job usage", 7, "L-SPOT"), quota(NAME, 1, "L-P3")],
        defaults=[quota("ml.p3.2xlarge for endpoint usage", 2, "L-ENDPOINT"), quota("ml.x for y", 4, "L-XY")],
    )
    made = client("service-quotas", fake.call)
    monkeypatch.setattr(clients, "service_quotas", lambda: made)
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", "/group")
    monkeypatch.setenv("AWS_LAMBDA_LOG_STREAM_NAME", "stream-1")
    return fake


def ask(
    name: str = NAME, instances: str = "1", on_shortfall: str = "FAIL", kind: str = "Create", **other: Any
) -> dict[str, Any]:
    properties = {"ServiceToken": "arn", "QuotaName": name, "Instances": instances, "OnShortfall": on_shortfall}
    event = {
        "RequestType": kind,
        "RequestId": "request-1",
        "StackId": STACK,
        "LogicalResourceId": "Quota",
        "ResourceProperties": properties,
        **other,
    }
    return gpu_quota.on_event(event, None)


@pytest.mark.parametrize(
    ("name", "code", "value"), [(NAME, "L-P3", "1"), ("ml.x for y", "L-XY", "4")], ids=["applied", "default"]
)
@pytest.mark.parametrize("on_shortfall", ["FAIL", "WARN", "REQUEST_INCREASE"])
def test_a_sufficient_quota_is_found_by_name_on_any_page(
    service_quotas: FakeServiceQuotas, name: str, code: str, value: str, on_shortfall: str
) -> None:
    assert ask(name, on_shortfall=on_shortfall) == {
        "PhysicalResourceId": name,
        "Data": {"QuotaCode": code, "Value": value, "RequestedValue": value, "Status": "SUFFICIENT"},
    }
    assert service_quotas.requests == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"instances": "4"},
            f"the quota '{NAME}' (L-P3) is 1 and 4 instances are needed: request 3 more, or run fewer training jobs at "
            "a time",
        ),
        (
            {"name": "ml.p9.huge for training job usage"},
            "SageMaker has no quota 'ml.p9.huge for training job usage' in eu-west-1; the instance type is misspelt or "
            "not offered there",
        ),
        ({"instances": "0"}, "Instances must be a whole number of at least 1, got '0'"),
        ({"instances": "2.5"}, "Instances must be a whole number of at least 1, got '2.5'"),
        ({"on_shortfall": "PANIC"}, "OnShortfall must be one of FAIL, REQUEST_INCREASE, WARN, got 'PANIC'"),
        ({"name": ""}, "QuotaName must be the name of a quota, got ''"),
    ],
)
def test_failures_say_what_is_missing(
    service_quotas: FakeServiceQuotas, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(RuntimeError) as raised:
        ask(**arguments)

    assert str(raised.value) == f"{message} {LOGS}"
    assert service_quotas.requests == []


def test_an_increase_is_requested_once(service_quotas: FakeServiceQuotas) -> None:
    first = ask(instances="4", on_shortfall="REQUEST_INCREASE")
    second = ask(instances="9", on_shortfall="REQUEST_INCREASE", kind="Update", PhysicalResourceId=NAME)

    assert service_quotas.requests == [{"QuotaCode": "L-P3", "DesiredValue": 4.0, "Status": "PENDING"}]
    assert first["Data"] == {"QuotaCode": "L-P3", "Value": "1", "RequestedValue": "4", "Status": "PENDING"}
    assert second["Data"] == first["Data"]


def test_a_decided_request_does_not_stand_in_the_way_of_a_new_one(service_quotas: FakeServiceQuotas) -> None:
    service_quotas.requests = [{"QuotaCode": "L-P3", "DesiredValue": 9.0, "Status": "DENIED"}]

    assert ask(instances="4", on_shortfall="REQUEST_INCREASE")["Data"]["RequestedValue"] == "4"


def test_a_request_that_somebody_else_makes_meanwhile_is_no_error(service_quotas: FakeServiceQuotas) -> None:
    service_quotas.refusals = [Refusal("ResourceAlreadyExistsException", "there is one")]

    assert ask(instances="4", on_shortfall="REQUEST_INCREASE")["Data"]["Status"] == "SHORTFALL"


def test_a_quota_that_cannot_be_increased_fails(service_quotas: FakeServiceQuotas) -> None:
    service_quotas.applied[1]["Adjustable"] = False

    with pytest.raises(RuntimeError, match="and it cannot be increased: choose another instance type"):
        ask(instances="4", on_shortfall="REQUEST_INCREASE")


def test_a_warning_goes_on_and_is_logged(service_quotas: FakeServiceQuotas, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(instances="4", on_shortfall="WARN")

    assert answer["Data"] == {"QuotaCode": "L-P3", "Value": "1", "RequestedValue": "1", "Status": "SHORTFALL"}
    assert f"the quota '{NAME}' (L-P3) is 1 and 4 instances are needed" in capsys.readouterr().err
    assert service_quotas.requests == []


def test_deleting_leaves_everything_as_it_is(service_quotas: FakeServiceQuotas) -> None:
    ask(instances="4", on_shortfall="REQUEST_INCREASE")

    assert ask(kind="Delete", PhysicalResourceId=NAME) == {"PhysicalResourceId": NAME}
    assert len(service_quotas.requests) == 1
