from __future__ import annotations

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.endpoint import Service, ServiceError
from infra.local.endpoint.server import MAX_BODY_BYTES, create_app
from tests.support.endpoint import client, serving

MOMENT = datetime(2026, 5, 6, 7, 8, 9, 123000, tzinfo=UTC)


class Demonstration:
    """A few operations of SageMaker, one for each kind of answer."""

    name = "sagemaker"
    operations = ("DescribeTrainingJob", "ListTrainingJobs", "StopTrainingJob", "DeleteTags", "AddTags")

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.closed = False

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        match operation:
            case "DescribeTrainingJob":
                return {
                    "TrainingJobName": request["TrainingJobName"],
                    "CreationTime": MOMENT,
                    "HyperParameters": {"a": "1"},
                    "EnableNetworkIsolation": False,
                    "FinalMetricDataList": [{"MetricName": "bleu", "Value": 0.25, "Timestamp": MOMENT}],
                    "TrainingTimeInSeconds": None,
                    "OnlyOurs": 1,
                }
            case "ListTrainingJobs":
                return {"TrainingJobSummaries": []}
            case "StopTrainingJob":
                raise ServiceError("ResourceNotFound", "there is no such job")
            case "DeleteTags":
                return {"Tags": "not part of the output"}
        raise ZeroDivisionError("the secret cause")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def service() -> Demonstration:
    return Demonstration()


@pytest.fixture
def url(service: Demonstration) -> Iterator[str]:
    with serving(service) as address:
        yield address


@pytest.fixture
def sagemaker(url: str) -> Any:
    return client("sagemaker", url)


def error_of(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, str, int]:
    response: Any = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_the_demonstration_is_a_service(service: Demonstration) -> None:
    assert isinstance(service, Service)


def test_answers_arrive_as_boto3_users_read_them(sagemaker: Any) -> None:
    answer = sagemaker.describe_training_job(TrainingJobName="job")
    metadata = answer.pop("ResponseMetadata")
    assert answer == {
        "TrainingJobName": "job",
        "CreationTime": MOMENT,
        "HyperParameters": {"a": "1"},
        "EnableNetworkIsolation": False,
        "FinalMetricDataList": [{"MetricName": "bleu", "Value": 0.25, "Timestamp": MOMENT}],
    }
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RequestId"]
    assert metadata["HTTPHeaders"]["content-type"] == "application/x-amz-json-1.1"


def test_requests_arrive_as_boto3_users_write_them(sagemaker: Any, service: Demonstration) -> None:
    sagemaker.list_training_jobs(CreationTimeAfter=MOMENT, MaxResults=3)
    [request] = service.requests
    assert request["MaxResults"] == 3
    assert abs((request["CreationTimeAfter"] - MOMENT).total_seconds()) < 1


def test_an_error_of_the_service_is_the_modelled_exception(sagemaker: Any) -> None:
    with pytest.raises(sagemaker.exceptions.ResourceNotFound) as caught:
        sagemaker.stop_training_job(TrainingJobName="gone")
    assert error_of(caught) == ("ResourceNotFound", "there is no such job", 400)
    assert caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-errortype"] == "ResourceNotFound"


def test_a_request_that_the_model_forbids_never_reaches_the_service(sagemaker: Any, service: Demonstration) -> None:
    with pytest.raises(ClientError) as caught:
        sagemaker.describe_training_job(TrainingJobName="-")
    code, message, status = error_of(caught)
    assert (code, status) == ("ValidationException", 400)
    assert message.startswith("1 validation error detected: Value '-' at 'trainingJobName' failed")
    assert service.requests == []


def test_an_operation_that_is_not_implemented_names_those_that_are(sagemaker: Any) -> None:
    with pytest.raises(ClientError) as caught:
        sagemaker.list_models()
    assert error_of(caught) == (
        "UnknownOperationException",
        "the local AWS does not implement sagemaker ListModels; it has AddTags, DeleteTags, DescribeTrainingJob, "
        "ListTrainingJobs, StopTrainingJob",
        501,
    )


def test_a_fault_of_the_service_is_told_in_the_log_only(sagemaker: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(ClientError) as caught:
        sagemaker.add_tags(ResourceArn="arn:aws:sagemaker:us-east-1:000000000000:training-job/a", Tags=[])
    code, message, status = error_of(caught)
    assert (code, status) == ("InternalFailure", 500)
    assert message.startswith("the local AWS failed on this request; its log has the trace under request id ")
    assert "secret" not in message
    assert "the secret cause" in caplog.text


def test_an_answer_of_the_wrong_type_is_a_fault(url: str, service: Demonstration) -> None:
    def wrong(operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return {"TrainingJobSummaries": "none"}

    service.call = wrong  # type: ignore[method-assign]
    with pytest.raises(ClientError) as caught:
        client("sagemaker", url).list_training_jobs()
    assert error_of(caught)[0] == "InternalFailure"


def post(url: str, target: str | None, body: bytes) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, data=body, headers={} if target is None else {"X-Amz-Target": target})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize(
    ("target", "body", "status", "code", "message"),
    [
        (
            None,
            b"{}",
            404,
            "UnknownOperationException",
            "X-Amz-Target '' names no service of this endpoint; it has sagemaker",
        ),
        (
            "Personalize.CreateSolution",
            b"{}",
            404,
            "UnknownOperationException",
            "X-Amz-Target 'Personalize.CreateSolution' names no service of this endpoint; it has sagemaker",
        ),
        ("SageMaker.Nothing", b"{}", 404, "UnknownOperationException", "sagemaker has no operation Nothing"),
        (
            "SageMaker.ListTrainingJobs",
            b"[]",
            400,
            "SerializationException",
            "the body must be a JSON object, but it is a list",
        ),
        (
            "SageMaker.ListTrainingJobs",
            b"{",
            400,
            "SerializationException",
            "the body is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            "SageMaker.ListTrainingJobs",
            b'{"MaxResults": NaN}',
            400,
            "SerializationException",
            "the body is not JSON: NaN is not a JSON number",
        ),
        (
            "SageMaker.ListTrainingJobs",
            b" " * (MAX_BODY_BYTES + 1),
            413,
            "RequestEntityTooLargeException",
            "the request is larger than 8388608 bytes",
        ),
    ],
)
def test_bad_requests_on_the_wire(
    url: str, target: str | None, body: bytes, status: int, code: str, message: str
) -> None:
    assert post(url, target, body) == (status, {"__type": code, "message": message})


def test_an_empty_body_is_an_empty_request(url: str) -> None:
    assert post(url, "SageMaker.ListTrainingJobs", b"") == (200, {"TrainingJobSummaries": []})


def test_operations_without_output_answer_with_nothing(url: str) -> None:
    body = b'{"ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:training-job/a", "TagKeys": ["k"]}'
    assert post(url, "SageMaker.DeleteTags", body) == (200, {})


def test_health_names_the_services(url: str) -> None:
    with urllib.request.urlopen(f"{url}/_health") as response:
        assert json.load(response) == {"status": "ok", "services": ["sagemaker"]}


def test_the_end_of_the_endpoint_closes_its_services(service: Demonstration) -> None:
    with serving(service):
        assert not service.closed
    assert service.closed


def test_services_of_other_protocols_are_refused() -> None:
    service = Demonstration()
    service.name = "s3"
    with pytest.raises(ValueError, match=r"^s3 speaks rest-xml, and this endpoint JSON only$"):
        create_app([service])
