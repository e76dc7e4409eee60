"""``Custom::GpuTrainingQuota``: compares a training quota with what is needed; requests an increase if told to.

It never lowers a quota, never makes a second request while one is pending, and deleting it leaves everything as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import clients, clock
from .contract import (
    ON_SHORTFALL_FAIL,
    ON_SHORTFALL_REQUEST_AND_WAIT,
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
from .events import PROGRESS, Event
from .logs import log
from .patience import patiently, unless_passing
from .quotas import APPROVED, Quota, Quotas, Request
from .shown import shown

_SUFFICIENT: Final = "SUFFICIENT"
_SHORTFALL: Final = "SHORTFALL"
_REQUESTS: Final = (ON_SHORTFALL_REQUEST_AND_WAIT, ON_SHORTFALL_REQUEST_INCREASE)
_CHOICES: Final = (ON_SHORTFALL_FAIL, *_REQUESTS, ON_SHORTFALL_WARN)

_SINCE: Final = "Since"
_REQUEST: Final = "RequestId"
# Below the function's timeout of two minutes, and below the hour that CloudFormation allows.
_LOOK_SECONDS: Final = 60
WAIT_SECONDS: Final = 3300


@dataclass(frozen=True)
class _Need:
    name: str
    instances: int
    on_shortfall: str


@entry_point
def on_event(event: Event) -> Answer:
    """Create and Update look at the quota, Delete does nothing; the physical id is the quota's name."""
    if event.request_type == "Delete":
        return {"PhysicalResourceId": event.physical_id}
    need = _need(event.properties)
    quotas = Quotas(clients.service_quotas())
    return patiently(lambda: _compare(need, quotas), seconds=_LOOK_SECONDS)


@entry_point
def is_complete(event: Event) -> Answer:
    """Whether there is nothing to wait for: only one of the choices waits for the increase."""
    if _SINCE not in event.progress:
        return {"IsComplete": True}
    need = _need(event.properties)
    quotas = Quotas(clients.service_quotas())
    quota: Quota | None = None

    def granted() -> bool:
        nonlocal quota
        quota = quotas.find(need.name)
        return quota.value >= need.instances or _goes_on(need, quota, quotas, event.progress)

    deadline = float(event.progress[_SINCE]) + WAIT_SECONDS
    if not unless_passing(granted, deadline=deadline, bound=WAIT_SECONDS) or quota is None:
        return {"IsComplete": False}
    return {"IsComplete": True, "Data": _data(quota, quota.value, _SUFFICIENT)}


def _goes_on(need: _Need, quota: Quota, quotas: Quotas, progress: Mapping[str, Any]) -> bool:
    """False as long as the request may be granted."""
    request = quotas.made(quota, str(progress.get(_REQUEST, "")))
    status = "unknown" if request is None else request.status
    if request is not None and not request.is_pending and status != APPROVED:
        raise HandlerError(f"{_shortfall(need, quota)}, and the request for {request.value:g} was decided: {status}")
    if clock.now() >= float(progress[_SINCE]) + WAIT_SECONDS:
        raise HandlerError(
            f"{_shortfall(need, quota)}; the request is {status} after {WAIT_SECONDS} s, the most that a deployment "
            "can wait: deploy again when it is granted"
        )
    log("the request is not granted yet", status=status)
    return False


def _need(properties: Mapping[str, Any]) -> _Need:
    name, instances = properties.get(QUOTA_NAME), properties.get(QUOTA_INSTANCES)
    on_shortfall = properties.get(QUOTA_ON_SHORTFALL)
    if not isinstance(name, str) or not name:
        raise HandlerError(f"{QUOTA_NAME} must be the name of a quota, got {shown(name)}")
    try:
        needed = int(str(instances))
    except ValueError:
        needed = 0
    if needed < 1:
        raise HandlerError(f"{QUOTA_INSTANCES} must be a whole number of at least 1, got {shown(instances)}")
    if on_shortfall not in _CHOICES:
        raise HandlerError(f"{QUOTA_ON_SHORTFALL} must be one of {', '.join(_CHOICES)}, got {shown(on_shortfall)}")
    return _Need(name, needed, on_shortfall)


def _compare(need: _Need, quotas: Quotas) -> Answer:
    quota = quotas.find(need.name)
    if quota.value >= need.instances:
        return {"PhysicalResourceId": need.name, "Data": _data(quota, quota.value, _SUFFICIENT)}
    pending = _short(quotas, quota, need)
    if pending is None:
        return {"PhysicalResourceId": need.name, "Data": _data(quota, quota.value, _SHORTFALL)}
    answer: Answer = {"PhysicalResourceId": need.name, "Data": _data(quota, pending.value, pending.status)}
    if need.on_shortfall == ON_SHORTFALL_REQUEST_AND_WAIT:
        answer[PROGRESS] = {_SINCE: clock.now(), _REQUEST: pending.id}
    return answer


def _short(quotas: Quotas, quota: Quota, need: _Need) -> Request | None:
    """The request that is to make up for what is missing; None if there is none."""
    shortfall = _shortfall(need, quota)
    if need.on_shortfall == ON_SHORTFALL_FAIL:
        missing = need.instances - quota.value
        raise HandlerError(f"{shortfall}: request {missing:g} more, or run fewer training jobs at a time")
    pending = quotas.pending(quota)
    if pending is None and need.on_shortfall in _REQUESTS:
        if not quota.adjustable:
            raise HandlerError(f"{shortfall}, and it cannot be increased: choose another instance type")
        pending = quotas.request(quota, need.instances) or quotas.pending(quota)
    if pending is None:
        log(shortfall, logging.WARNING)
    else:
        log(f"{shortfall}; a request for {pending.value:g} is pending", logging.WARNING, status=pending.status)
    if need.on_shortfall == ON_SHORTFALL_REQUEST_AND_WAIT and (pending is None or pending.value < need.instances):
        asked = "none is pending" if pending is None else f"the pending request is for {pending.value:g}"
        raise HandlerError(f"{shortfall}, and {asked}: deploy again when it is decided")
    return pending


def _shortfall(need: _Need, quota: Quota) -> str:
    return f"the quota {quota.name!r} ({quota.code}) is {quota.value:g} and {need.instances} instances are needed"


def _data(quota: Quota, requested: float, status: str) -> dict[str, str]:
    return {
        QUOTA_CODE: quota.code,
        QUOTA_VALUE: f"{quota.value:g}",
        QUOTA_REQUESTED_VALUE: f"{requested:g}",
        QUOTA_STATUS: status,
    }
