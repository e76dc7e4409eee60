"""Clients of the AWS services, made when they are first needed and kept for the next invocation."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config

from .errors import TRANSIENT_CODES
from .logs import log

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_ssm import SSMClient

_Client = TypeVar("_Client", bound=Any)
_SERVER_ERROR = 500

# Adaptive: slows down by itself when the service throttles. Bounded well below the functions' timeout of two minutes.
_CONFIG = Config(
    retries={"mode": "adaptive", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=15,
    user_agent_extra="cdk-tuning",
)


@cache
def sagemaker() -> SageMakerClient:
    """Tuning jobs."""
    return watched(boto3.client("sagemaker", config=_CONFIG))


@cache
def personalize() -> Any:
    """Dataset groups, solutions and what belongs to them."""
    make: Callable[..., Any] = boto3.client
    return watched(make("personalize", config=_CONFIG))


@cache
def service_quotas() -> ServiceQuotasClient:
    """Quotas and requests to increase them."""
    return watched(boto3.client("service-quotas", config=_CONFIG))


@cache
def sns() -> Any:
    """Notifications."""
    return watched(boto3.client("sns", config=_CONFIG))


@cache
def ssm() -> SSMClient:
    """Parameters."""
    return watched(boto3.client("ssm", config=_CONFIG))


def watched(client: _Client) -> _Client:
    """The client, with each attempt that failed and may be repeated by botocore logged once."""
    # "first": botocore's own handler comes later, and waits before it says that the call is repeated.
    client.meta.events.register_first("needs-retry", _log_attempt)
    return client


def _log_attempt(
    operation: Any = None, attempts: int = 0, response: Any = None, caught_exception: Any = None, **_: Any
) -> None:
    status = 0 if response is None else response[0].status_code
    error = {} if response is None else response[1].get("Error", {})
    passing = caught_exception is not None or status >= _SERVER_ERROR or error.get("Code") in TRANSIENT_CODES
    if passing:
        reason = str(caught_exception) if caught_exception is not None else f"{error.get('Code')} (HTTP {status})"
        log("an attempt failed", logging.WARNING, operation=operation.name, attempt=attempts, reason=reason)
