"""Clients of the AWS services, made when they are first needed and kept for the next invocation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_service_quotas import ServiceQuotasClient

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
    return boto3.client("sagemaker", config=_CONFIG)


@cache
def personalize() -> Any:
    """Dataset groups, solutions and what belongs to them."""
    make: Callable[..., Any] = boto3.client
    return make("personalize", config=_CONFIG)


@cache
def service_quotas() -> ServiceQuotasClient:
    """Quotas and requests to increase them."""
    return boto3.client("service-quotas", config=_CONFIG)
