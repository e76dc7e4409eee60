"""From a request to the template: the only place that knows which resource type carries a tuning job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import CustomResource, Duration
from constructs import Construct

from constructs_lib._tokens import is_unresolved
from infra.handlers.contract import TUNING_JOB_NAME, TUNING_JOB_RESOURCE_TYPE
from infra.handlers.keyed import keyed
from infra.handlers.numbers import exact

_EXACT_IN_JSON = 2**53  # JavaScript, which writes the template, has no larger whole numbers without loss


def template_properties(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request in keyed form, with numbers that JSON might change as exact strings."""
    properties: dict[str, Any] = _portable(keyed(request))
    return properties


def _portable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _portable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_portable(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float) or is_unresolved(value):
        return value
    return value if isinstance(value, int) and abs(value) < _EXACT_IN_JSON else exact(value)


def render(
    scope: Construct,
    *,
    name: str,
    properties: Mapping[str, Any],
    service_token: str,
    service_timeout: Duration,
) -> CustomResource:
    """Adds the resource that stands for the tuning job, as the child "Resource"."""
    return CustomResource(
        scope,
        "Resource",
        resource_type=TUNING_JOB_RESOURCE_TYPE,
        service_token=service_token,
        service_timeout=service_timeout,
        properties={TUNING_JOB_NAME: name, **properties},
    )
