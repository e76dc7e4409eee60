"""The handler that builds images, on real clients whose answers are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra.handlers import clients, image_build

STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Own/11111111-aaaa-bbbb-cccc-000000000001"
LOGS = "(log group /group, stream stream-1)"
PROPERTIES = {"ServiceToken": "arn", "ProjectName": "project", "RepositoryName": "team/seq2seq", "ImageTag": "cpu-1"}
IMAGE = {"repositoryName": "team/seq2seq", "imageIds": [{"imageTag": "cpu-1"}]}
BUILD = "project:b-1"


class Aws:
    def __init__(self) -> None:
        session = boto3.session.Session("test", "test", region_name="eu-west-1")
        self.clients = {"ecr": session.client("ecr"), "codebuild": session.client("codebuild")}
        self.ecr, self.codebuild = Stubber(self.clients["ecr"]), Stubber(self.clients["codebuild"])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    fake = Aws()
    monkeypatch.setattr(clients, "ecr", lambda: fake.clients["ecr"])
    monkeypatch.setattr(clients, "codebuild", lambda: fake.clients["codebuild"])
    monkeypatch.setenv("AWS_LAMBDA_LOG_GROUP_NAME", "/group")
    monkeypatch.setenv("AWS_LAMBDA_LOG_STREAM_NAME", "stream-1")
    with fake.ecr, fake.codebuild:
        yield fake
        fake.ecr.assert_no_pending_responses()
        fake.codebuild.assert_no_pending_responses()


def event(kind: str = "Create", **changes: Any) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "RequestId": "request-1",
        "StackId": STACK,
        "LogicalResourceId": "Build",
        "ResourceProperties": PROPERTIES,
        **changes,
    }


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_an_image_that_is_not_there_is_built(aws: Aws, kind: str) -> None:
    aws.ecr.add_client_error("describe_images", "ImageNotFoundException", expected_params=IMAGE)
    expected = {"projectName": "project", "idempotencyToken": "request-1"}
    aws.codebuild.add_response("start_build", {"build": {"id": BUILD}}, expected)
    assert image_build.on_event(event(kind), None) == {
        "PhysicalResourceId": "team/seq2seq:cpu-1",
        "Data": {"ImageTag": "cpu-1"},
        "Progress": {"BuildId": BUILD},
    }


def test_an_image_that_is_there_is_not_built_again(aws: Aws) -> None:
    aws.ecr.add_response("describe_images", {"imageDetails": [{"imageTags": ["cpu-1"]}]}, IMAGE)
    answer = image_build.on_event(event(), None)
    assert answer == {"PhysicalResourceId": "team/seq2seq:cpu-1", "Data": {"ImageTag": "cpu-1"}}
    assert image_build.is_complete(event() | answer, None) == {"IsComplete": True}


def test_deleting_leaves_the_images(aws: Aws) -> None:
    asked = event("Delete", PhysicalResourceId="team/seq2seq:cpu-1")
    assert image_build.on_event(asked, None) == {"PhysicalResourceId": "team/seq2seq:cpu-1"}
    assert image_build.is_complete(asked, None) == {"IsComplete": True}


@pytest.mark.parametrize(("status", "done"), [("IN_PROGRESS", False), ("SUCCEEDED", True)])
def test_it_waits_for_the_build(aws: Aws, status: str, done: bool) -> None:
    answer = {"builds": [{"id": BUILD, "buildStatus": status}]}
    aws.codebuild.add_response("batch_get_builds", answer, {"ids": [BUILD]})
    assert image_build.is_complete(event(Progress={"BuildId": BUILD}), None) == {"IsComplete": done}


@pytest.mark.parametrize(
    ("builds", "message"),
    [
        (
            [
                {
                    "buildStatus": "FAILED",
                    "phases": [
                        {"phaseType": "SUBMITTED", "phaseStatus": "SUCCEEDED"},
                        {
                            "phaseType": "BUILD",
                            "phaseStatus": "FAILED",
                            "contexts": [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": "exit status 1"}],
                        },
                    ],
                    "logs": {"deepLink": "https://console/log"},
                }
            ],
            f"the image build {BUILD} ended FAILED in phase BUILD: exit status 1; its log: https://console/log",
        ),
        ([{"buildStatus": "TIMED_OUT"}], f"the image build {BUILD} ended TIMED_OUT"),
        ([], f"the image build {BUILD} is gone; deploy again"),
    ],
)
def test_a_build_that_fails_says_why(aws: Aws, builds: list[dict[str, Any]], message: str) -> None:
    aws.codebuild.add_response("batch_get_builds", {"builds": builds}, {"ids": [BUILD]})
    with pytest.raises(RuntimeError) as error:
        image_build.is_complete(event(Progress={"BuildId": BUILD}), None)
    assert str(error.value) == f"{message} {LOGS}"


def test_a_missing_repository_is_the_services_own_error(aws: Aws) -> None:
    aws.ecr.add_client_error("describe_images", "RepositoryNotFoundException", "there is no team/seq2seq")
    with pytest.raises(RuntimeError) as error:
        image_build.on_event(event(), None)
    assert str(error.value) == (
        f"DescribeImages failed with RepositoryNotFoundException: there is no team/seq2seq {LOGS}"
    )


def test_bad_properties_are_named(aws: Aws) -> None:
    with pytest.raises(RuntimeError) as error:
        image_build.on_event(event(ResourceProperties={**PROPERTIES, "ImageTag": ""}), None)
    assert str(error.value) == f"ImageTag must be a name, got '' {LOGS}"
