"""``Custom::Personalize…``: creates, awaits and deletes resources of Amazon Personalize.

``on_event`` creates or deletes, ``is_complete`` waits. Names follow from declarations, so a name that is taken is the
same declaration's, left by an earlier try, and is adopted. A solution version has no name of its own: it is found again
by its owner tags.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

from . import clients
from .contract import OWNER_REQUEST_TAG
from .declaration import run_names
from .entry import Answer, entry_point
from .errors import HandlerError
from .events import PROGRESS, Event
from .logs import log
from .ownership import owner_tags
from .personalize_api import Personalize
from .personalize_contract import (
    ARN,
    DATASET,
    DATASET_IMPORT_JOB,
    KINDS,
    METRICS,
    SOLUTION,
    SOLUTION_VERSION,
    STATUS,
    TAGS,
    TUNED_HYPER_PARAMETERS,
    Kind,
)
from .personalize_request import declared, model_of, request_of, tags_of

_DEADLINE: Final = "Deadline"
_WAIT_SECONDS: Final = 2400
"""Below the provider's total timeout. A solution version that trains on is no failure, anything else is."""

_STOPPABLE: Final = ("CREATE PENDING", "CREATE IN_PROGRESS")
_ENDED: Final = ("ACTIVE", "CREATE FAILED", "CREATE STOPPED")


@entry_point
def on_event(event: Event) -> Answer:
    """Create or delete; the physical id is the resource's ARN."""
    kind, api = _kind(event), Personalize(clients.personalize())
    if event.request_type == "Delete":
        return _delete(event, kind, api)
    if event.request_type == "Update" and declared(event.properties) == declared(event.old_properties):
        api.retag(str(event.physical_id), tags_of(event.properties), tags_of(event.old_properties))
        return _waiting(str(event.physical_id))
    arn = _create(event, kind, api)
    log("created", arn=arn)
    return _waiting(arn)


@entry_point
def is_complete(event: Event) -> Answer:
    """Whether the resource has come to rest."""
    kind, api = _kind(event), Personalize(clients.personalize())
    if event.request_type == "Delete":
        return {"IsComplete": _is_gone(event, kind, api)}
    found = api.describe(kind, str(event.physical_id))
    if found is None:
        raise HandlerError(f"{event.physical_id} is gone")
    status = found.get("status", "ACTIVE")  # a schema has none: it is there at once
    if "FAILED" in status:
        raise HandlerError(
            f"{event.physical_id} is in status {status}: {found.get('failureReason', 'no reason given')}"
        )
    if status == "ACTIVE" or (kind is SOLUTION_VERSION and status == "CREATE STOPPED"):
        return {"IsComplete": True, "Data": _data(kind, found, status, api)}
    if time.time() < event.progress[_DEADLINE]:
        return {"IsComplete": False}
    if kind is SOLUTION_VERSION:
        log("training goes on after the deployment", arn=event.physical_id, status=status)
        return {"IsComplete": True, "Data": _data(kind, found, status, api)}
    raise HandlerError(f"{event.physical_id} did not become ACTIVE within {_WAIT_SECONDS} s: it is in status {status}")


def _kind(event: Event) -> Kind:
    kind = KINDS.get(event.resource_type)
    if kind is None:
        raise HandlerError(f"the resource type must be one of {', '.join(KINDS)}, got {event.resource_type!r}")
    return kind


def _waiting(arn: str, **progress: Any) -> Answer:
    return {"PhysicalResourceId": arn, PROGRESS: {_DEADLINE: time.time() + _WAIT_SECONDS, **progress}}


def _create(event: Event, kind: Kind, api: Personalize) -> str:
    request = request_of(kind, event.properties)
    if kind is SOLUTION_VERSION:
        found = api.version_of_request(request["solutionArn"], OWNER_REQUEST_TAG, event.request_id)
        if found is not None:
            return found
    if TAGS in model_of(kind).shapes[model_of(kind).outermost]["members"]:
        tags = {**tags_of(event.properties), **owner_tags(event)}
        request[TAGS] = [{"tagKey": key, "tagValue": value} for key, value in sorted(tags.items())]
    if kind is DATASET_IMPORT_JOB:
        request[kind.name] = _unfailed_name(event, kind, request, api)
    arn = _arn(event, kind, request)
    if kind is DATASET and event.request_type == "Update" and arn == event.physical_id:
        # A group has one dataset of each type: it gets the new schema instead of a successor.
        api.client.update_dataset(datasetArn=arn, schemaArn=request["schemaArn"])
        return arn
    return api.create(kind, request, arn)


def _unfailed_name(event: Event, kind: Kind, request: dict[str, Any], api: Personalize) -> str:
    """The first name for the declaration whose import has not failed: a mended file is imported anew."""
    for name in run_names(request[kind.name]):
        found = api.describe(kind, _arn(event, kind, {kind.name: name}))
        if found is None or found["status"] != "CREATE FAILED":
            return name
    raise HandlerError("the import failed too often; change its job name prefix")


def _arn(event: Event, kind: Kind, request: dict[str, Any]) -> str:
    if kind is DATASET:
        group = request["datasetGroupArn"].rpartition("/")[2]
        return event.arn("personalize", f"dataset/{group}/{request['datasetType'].upper()}")
    return event.arn("personalize", f"{kind.segment}/{request.get(kind.name)}")


def _data(kind: Kind, found: dict[str, Any], status: str, api: Personalize) -> dict[str, str]:
    data = {ARN: found[kind.arn], STATUS: status}
    if kind is SOLUTION_VERSION:
        tuned = found.get("tunedHPOParams", {}).get("algorithmHyperParameters", {})
        data[TUNED_HYPER_PARAMETERS] = json.dumps(tuned, sort_keys=True)
        data[METRICS] = json.dumps(api.metrics(found[kind.arn]) if status == "ACTIVE" else {}, sort_keys=True)
    return data


def _delete(event: Event, kind: Kind, api: Personalize) -> Answer:
    arn = str(event.physical_id)
    if not arn.startswith("arn:"):
        return {"PhysicalResourceId": arn}  # CloudFormation's invention: nothing was created
    if kind is SOLUTION:
        campaigns = api.campaigns(arn)
        if campaigns:
            raise HandlerError(f"{arn} has the campaign {campaigns[0]}: delete it first")
    _end(kind, arn, api)
    return _waiting(arn)


def _is_gone(event: Event, kind: Kind, api: Personalize) -> bool:
    arn = str(event.physical_id)
    if _DEADLINE not in event.progress:
        return True
    found = api.describe(kind, arn)
    if found is None or (kind.delete is None and found.get("status", "ACTIVE") in _ENDED):
        return True
    if time.time() >= event.progress[_DEADLINE]:
        raise HandlerError(f"{arn} did not go away within {_WAIT_SECONDS} s: it is in status {found.get('status')}")
    _end(kind, arn, api)
    return False


def _end(kind: Kind, arn: str, api: Personalize) -> None:
    """Delete what can be deleted, stop what can be stopped; what stands in the way passes or has a deadline."""
    if kind.delete is not None:
        api.delete(kind, arn)
    elif kind is SOLUTION_VERSION:
        found = api.describe(kind, arn)
        if found is not None and found["status"] in _STOPPABLE:
            api.stop_version(arn)
