"""The local AWS's services as a handler meets them, with a record of each call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from tests.support.endpoint import client as endpoint_client
from tests.support.fake_aws import client
from tests.support.recorded_calls import CallRecorder
from tests.support.stepped_sagemaker import SteppedSageMaker, stepped_sagemaker


class WatchedAws:
    """The local AWS's services, and clients of them that are watched."""

    def __init__(self, url: str, endpoint_url: str) -> None:
        self.recorder = CallRecorder()
        self.url = url
        self.clients = {
            "sagemaker": client("sagemaker", _not_mounted),
            "service_quotas": endpoint_client("service-quotas", endpoint_url),
            "personalize": endpoint_client("personalize", endpoint_url),
            **{name: general_client(name, url) for name in ("codebuild", "ecr", "sns", "ssm")},
        }
        for made in self.clients.values():
            self.recorder.watch(made)

    def client(self, service: str) -> Any:
        """A client of a general service that nobody watches."""
        return general_client(service, self.url)


def _not_mounted(operation: str, _: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError(f"there is no SageMaker yet for {operation}")


@contextmanager
def sagemaker_of(aws: WatchedAws) -> Iterator[SteppedSageMaker]:
    """A SageMaker for the time that a handler needs one: meanwhile no engine trains by itself."""
    with stepped_sagemaker() as made:
        assert client("sagemaker", made.call) is aws.clients["sagemaker"]
        yield made


def general_client(service: str, url: str) -> Any:
    """A client of the emulator."""
    make: Callable[..., Any] = boto3.session.Session("test", "test", region_name="us-east-1").client
    return make(service, endpoint_url=url)
