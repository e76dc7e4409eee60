"""SageMaker and Service Quotas in memory behind real boto3 clients.

Everything of a client is real but the network: requests are checked against botocore's model and serialised, answers
are parsed from the wire format, errors become the client's exceptions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

ARN = "arn:aws:sagemaker:eu-west-1:111122223333:hyper-parameter-tuning-job/"


class Refusal(Exception):  # noqa: N818
    """An error answer."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class _Raw:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._content

    def read(self, *_: Any, **__: Any) -> bytes:
        return self._content


Call = Callable[[str, dict[str, Any]], dict[str, Any]]
_ANSWERS: dict[str, Call] = {}


def client(service: str, call: Call) -> Any:
    """A boto3 client whose calls ``call(operation, request)`` answers; one a service, as it takes long to make."""
    _ANSWERS[service] = call
    return _client(service)


@cache
def _client(service: str) -> Any:
    make: Callable[..., Any] = boto3.session.Session().client
    made = make(
        service,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )

    def answer(request: Any, **_: Any) -> AWSResponse:
        if "X-Amz-Target" not in request.headers:
            return _query_answer(_ANSWERS[service], request)
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        try:
            status, body = 200, _ANSWERS[service](operation, json.loads(request.body))
        except Refusal as refusal:
            status, body = refusal.status, {"__type": refusal.code, "message": refusal.message}
        headers: Any = {"Content-Type": "application/x-amz-json-1.1"}
        raw: Any = _Raw(json.dumps(body).encode())
        return AWSResponse(request.url, status, headers, raw)

    made.meta.events.register("before-send", answer)
    return made


def _query_answer(call: Call, request: Any) -> AWSResponse:
    """SNS still speaks AWS's old protocol: a form in, XML out."""
    form = dict(parse_qsl(request.body if isinstance(request.body, str) else request.body.decode()))
    operation = form.pop("Action")
    form.pop("Version")
    try:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in call(operation, form).items())
        status = 200
        body = f"<{operation}Response><{operation}Result>{inner}</{operation}Result></{operation}Response>"
    except Refusal as refusal:
        status = refusal.status
        error = f"<Code>{refusal.code}</Code><Message>{refusal.message}</Message>"
        body = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
    headers: Any = {"Content-Type": "text/xml"}
    raw: Any = _Raw(body.encode())
    return AWSResponse(request.url, status, headers, raw)


@dataclass
class FakeSageMaker:
    """Tuning jobs that never train: their status is what a test makes it."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    """Raised by the next creations, one each."""

    training_jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What DescribeTrainingJob answers, by name."""

    calls: list[str] = field(default_factory=list)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        answer: dict[str, Any] = getattr(self, f"_{operation}")(request)
        return answer

    def add(self, name: str, status: str, tags: Mapping[str, str]) -> None:
        """A job that is there already."""
        self.jobs[name] = {"status": status, "tags": dict(tags), "request": {}}

    def _CreateHyperParameterTuningJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = request["HyperParameterTuningJobName"]
        if self.refusals:
            raise self.refusals.pop(0)
        if name.lower() in (other.lower() for other in self.jobs):
            raise Refusal("ResourceInUse", f"{name} exists")
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        self.jobs[name] = {"status": "InProgress", "tags": tags, "request": request}
        return {"HyperParameterTuningJobArn": ARN + name}

    def _DescribeHyperParameterTuningJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = request["HyperParameterTuningJobName"]
        if name not in self.jobs:
            raise Refusal("ResourceNotFound", f"there is no {name}")
        return {
            "HyperParameterTuningJobName": name,
            "HyperParameterTuningJobArn": ARN + name,
            "HyperParameterTuningJobStatus": self.jobs[name]["status"],
            **self.jobs[name].get("described", {}),
        }

    def _DescribeTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self.training_jobs[request["TrainingJobName"]]

    def _StopHyperParameterTuningJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        job = self.jobs.get(request["HyperParameterTuningJobName"])
        if job is None:
            raise Refusal("ResourceNotFound", "there is no such job")
        job["status"] = "Stopping"
        return {}

    def _DeleteHyperParameterTuningJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        job = self.jobs.get(request["HyperParameterTuningJobName"])
        if job is None:
            raise Refusal("ResourceNotFound", "there is no such job")
        if job["status"] in ("InProgress", "Stopping"):
            raise Refusal("ValidationException", "the job is not in a terminal state")
        job["status"] = "Deleting"
        return {}

    def _ListTags(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        tags = sorted(self.jobs[request["ResourceArn"].removeprefix(ARN)]["tags"].items())
        start = int(request.get("NextToken", "0"))
        page: dict[str, Any] = {"Tags": [{"Key": key, "Value": value} for key, value in tags[start : start + 2]]}
        return page | ({"NextToken": str(start + 2)} if start + 2 < len(tags) else {})

    def _AddTags(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        tags = self.jobs[request["ResourceArn"].removeprefix(ARN)]["tags"]
        tags.update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _DeleteTags(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        tags = self.jobs[request["ResourceArn"].removeprefix(ARN)]["tags"]
        for key in request["TagKeys"]:
            tags.pop(key, None)
        return {}


@dataclass
class FakeServiceQuotas:
    """Quotas in pages of one."""

    applied: list[dict[str, Any]] = field(default_factory=list)
    defaults: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        assert request["ServiceCode"] == "sagemaker"
        if operation == "ListServiceQuotas":
            return self._page("Quotas", self.applied, request)
        if operation == "ListAWSDefaultServiceQuotas":
            return self._page("Quotas", self.defaults, request)
        if operation == "ListRequestedServiceQuotaChangeHistoryByQuota":
            mine = [made for made in self.requests if made["QuotaCode"] == request["QuotaCode"]]
            return self._page("RequestedQuotas", mine, request)
        assert operation == "RequestServiceQuotaIncrease"
        if self.refusals:
            raise self.refusals.pop(0)
        made = {
            "Id": f"request-{len(self.requests)}",
            "QuotaCode": request["QuotaCode"],
            "DesiredValue": request["DesiredValue"],
            "Status": "PENDING",
        }
        self.requests.append(made)
        return {"RequestedQuota": made}

    @staticmethod
    def _page(member: str, entries: list[dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
        start = int(request.get("NextToken", "0"))
        page: dict[str, Any] = {member: entries[start : start + 1]}
        return page | ({"NextToken": str(start + 1)} if start + 1 < len(entries) else {})


@dataclass
class FakeParameters:
    """SSM parameters by name."""

    values: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        name = request["Name"]
        if operation == "GetParameter":
            if name not in self.values:
                raise Refusal("ParameterNotFound", "")
            return {"Parameter": {"Name": name, "Value": self.values[name]}}
        assert operation == "PutParameter"
        assert request["Overwrite"] is True
        self.values[name] = request["Value"]
        return {"Version": 2}


@dataclass
class FakeTopics:
    """Messages to SNS topics."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        assert operation == "Publish"
        if self.refusals:
            raise self.refusals.pop(0)
        self.messages.append(request)
        return {"MessageId": "1"}
