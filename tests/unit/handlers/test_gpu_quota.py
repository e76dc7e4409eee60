from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.session import get_session

from constructs_lib.training_needs import QuotaUsage
from infra.handlers import clients, gpu_quota
from infra.local.home import Home
from infra.local.service_quotas import ServiceQuotasService
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
    return gpu_quota.on_event(event(properties, kind, **other), None)


def event(properties: dict[str, Any], kind: str = "Create", **other: Any) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "RequestId": "request-1",
        "StackId": STACK,
        "LogicalResourceId": "Quota",
        "ResourceProperties": properties,
        **other,
    }


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
        (
            {"on_shortfall": "PANIC"},
            "OnShortfall must be one of FAIL, REQUEST_AND_WAIT, REQUEST_INCREASE, WARN, got 'PANIC'",
        ),
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

    assert service_quotas.requests == [
        {"Id": "request-0", "QuotaCode": "L-P3", "DesiredValue": 4.0, "Status": "PENDING"}
    ]
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


def waiting(instances: str = "4") -> dict[str, Any]:
    """The framework's question after a request that waits."""
    properties = {"QuotaName": NAME, "Instances": instances, "OnShortfall": "REQUEST_AND_WAIT"}
    return {**event(properties), **gpu_quota.on_event(event(properties), None)}


def test_waiting_ends_when_the_increase_is_granted(service_quotas: FakeServiceQuotas) -> None:
    request = waiting()
    assert service_quotas.requests[0]["DesiredValue"] == 4
    assert gpu_quota.is_complete(request, None) == {"IsComplete": False}
    service_quotas.applied[1]["Value"] = 4

    assert gpu_quota.is_complete(request, None) == {
        "IsComplete": True,
        "Data": {"QuotaCode": "L-P3", "Value": "4", "RequestedValue": "4", "Status": "SUFFICIENT"},
    }
    assert len(service_quotas.requests) == 1


@pytest.mark.parametrize("on_shortfall", ["FAIL", "WARN", "REQUEST_INCREASE", "REQUEST_AND_WAIT"])
def test_nothing_is_waited_for_where_nothing_is_missing(service_quotas: FakeServiceQuotas, on_shortfall: str) -> None:
    properties = {"QuotaName": NAME, "Instances": "1", "OnShortfall": on_shortfall}
    planned = {**event(properties), **gpu_quota.on_event(event(properties), None)}

    assert gpu_quota.is_complete(planned, None) == {"IsComplete": True}


def test_a_request_that_is_denied_fails(service_quotas: FakeServiceQuotas) -> None:
    request = waiting()
    service_quotas.requests[0]["Status"] = "DENIED"

    with pytest.raises(RuntimeError) as raised:
        gpu_quota.is_complete(request, None)

    assert str(raised.value) == (
        f"the quota '{NAME}' (L-P3) is 1 and 4 instances are needed, and the request for 4 was decided: DENIED {LOGS}"
    )


def test_waiting_ends_with_its_bound(service_quotas: FakeServiceQuotas, clock: SimpleNamespace) -> None:
    request = waiting()
    clock.seconds += 3300

    with pytest.raises(RuntimeError) as raised:
        gpu_quota.is_complete(request, None)

    assert str(raised.value) == (
        f"the quota '{NAME}' (L-P3) is 1 and 4 instances are needed; the request is PENDING after 3300 s, the most "
        f"that a deployment can wait: deploy again when it is granted {LOGS}"
    )


def test_a_pending_request_for_less_is_not_waited_for(service_quotas: FakeServiceQuotas) -> None:
    waiting("2")

    with pytest.raises(RuntimeError, match="and the pending request is for 2: deploy again when it is decided"):
        waiting("4")
    assert len(service_quotas.requests) == 1


SHAPE: Any = get_session().get_service_model("sagemaker").shape_for("TrainingInstanceType")
INSTANCE_TYPES: list[str] = SHAPE.enum


class ReadOnce:
    """A client that remembers the pages it read: hundreds of look-ups read the same ones."""

    def __init__(self, made: Any) -> None:
        self._client, self.meta = made, made.meta
        self._pages: dict[str, Any] = {}

    def get_paginator(self, operation: str) -> Any:
        def paginate(**arguments: Any) -> Any:
            key = f"{operation} {arguments}"
            if key not in self._pages:
                self._pages[key] = list(self._client.get_paginator(operation).paginate(**arguments))
            return self._pages[key]

        return SimpleNamespace(paginate=paginate)


def test_every_instance_type_of_training_has_a_quota_that_is_found_by_name(
    service_quotas: FakeServiceQuotas, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = ReadOnce(client("service-quotas", ServiceQuotasService(Home(tmp_path).create()).call))
    monkeypatch.setattr(clients, "service_quotas", lambda: made)

    codes = set()
    for instance_type in INSTANCE_TYPES:
        for usage in QuotaUsage:
            answer = ask(f"{instance_type} for {usage.value}", on_shortfall="WARN")
            assert answer["Data"]["Status"] in ("SUFFICIENT", "SHORTFALL")
            codes.add(answer["Data"]["QuotaCode"])

    assert len(codes) == 3 * len(INSTANCE_TYPES) > 300
