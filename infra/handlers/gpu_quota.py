"""``Custom::GpuTrainingQuota``: compares a training quota with what is needed; requests an increase if told to.

It never lowers a quota, never makes a second request while one is pending, and deleting it leaves everything as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from . import clients
from .contract import (
    ON_SHORTFALL_FAIL,
    ON_SHORTFALL_REQUEST_INCREASE,
    ON_SHORTFALL_WARN,
    QUOTA_CODE,
    QUOTA_INSTANCES,
    QUOTA_NAME,
    QUOTA_ON_SHORTFALL,
    QUOTA_REQUESTED_VALUE,
    QUOTA_STATUS,
    QUOTA_VALUE,
)
from .entry import Answer, entry_point
from .errors import HandlerError
from .events import Event
from .logs import log
from .quotas import Quota, Quotas

_SUFFICIENT: Final = "SUFFICIENT"
_SHORTFALL: Final = "SHORTFALL"
_CHOICES: Final = (ON_SHORTFALL_FAIL, ON_SHORTFALL_REQUEST_INCREASE, ON_SHORTFALL_WARN)


@entry_point
def on_event(event: Event) -> Answer:
    """Create and Update look at the quota, Delete does nothing; the physical id is the quota's name."""
    if event.request_type == "Delete":
        return {"PhysicalResourceId": event.physical_id}
    name, needed, on_shortfall = _properties(event.properties)
    quotas = Quotas(clients.service_quotas())
    quota = quotas.find(name)
    requested, status = quota.value, _SUFFICIENT
    if quota.value < needed:
        requested, status = _short(quotas, quota, needed, on_shortfall)
    return {
        "PhysicalResourceId": name,
        "Data": {
            QUOTA_CODE: quota.code,
            QUOTA_VALUE: f"{quota.value:g}",
            QUOTA_REQUESTED_VALUE: f"{requested:g}",
            QUOTA_STATUS: status,
        },
    }


def _properties(properties: Mapping[str, Any]) -> tuple[str, int, str]:
    name, instances = properties.get(QUOTA_NAME), properties.get(QUOTA_INSTANCES)
    on_shortfall = properties.get(QUOTA_ON_SHORTFALL)
    if not isinstance(name, str) or not name:
        raise HandlerError(f"{QUOTA_NAME} must be the name of a quota, got {name!r}")
    try:
        needed = int(str(instances))
    except ValueError:
        needed = 0
    if needed < 1:
        raise HandlerError(f"{QUOTA_INSTANCES} must be a whole number of at least 1, got {instances!r}")
    if on_shortfall not in _CHOICES:
        raise HandlerError(f"{QUOTA_ON_SHORTFALL} must be one of {', '.join(_CHOICES)}, got {on_shortfall!r}")
    return name, needed, on_shortfall


def _short(quotas: Quotas, quota: Quota, needed: int, on_shortfall: str) -> tuple[float, str]:
    """What the quota is to become, and how far that is."""
    shortfall = f"the quota {quota.name!r} ({quota.code}) is {quota.value:g} and {needed} instances are needed"
    if on_shortfall == ON_SHORTFALL_FAIL:
        raise HandlerError(f"{shortfall}: request {needed - quota.value:g} more, or run fewer training jobs at a time")
    pending = quotas.pending(quota)
    if pending is None and on_shortfall == ON_SHORTFALL_REQUEST_INCREASE:
        if not quota.adjustable:
            raise HandlerError(f"{shortfall}, and it cannot be increased: choose another instance type")
        pending = quotas.request(quota, needed) or quotas.pending(quota)
    if pending is None:
        log(shortfall, logging.WARNING)
        return quota.value, _SHORTFALL
    log(f"{shortfall}; a request for {pending.value:g} is pending", logging.WARNING, status=pending.status)
    return pending.value, pending.status
