"""Schemas and datasets: created if they are not there, adopted if they are, deleted with their resource.

The physical id is the ARN, which follows from the declaration before anything is created.
"""

from __future__ import annotations

from typing import Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from . import clock
from .contract import OWNER_TAGS
from .entry import Answer
from .errors import HandlerError, code_of
from .events import PROGRESS, Event
from .logs import log
from .ownership import owner_tags
from .patience import unless_passing
from .personalize_api import BUSY, TAKEN, Personalize
from .personalize_contract import ARN, DATASET, STATUS, TAGS, Kind
from .personalize_jobs import explained, passes_by_waiting
from .personalize_request import request_of, tags_of

_SINCE: Final = "Since"
_SECONDS: Final = 2400
"""How long one may take to be there, or to go away: below the provider's total timeout."""


def decide(event: Event, kind: Kind) -> Answer:
    """Check the declaration, and name what it declares."""
    if event.request_type == "Delete":
        arn = str(event.physical_id)
    else:
        arn = _arn(event, kind, request_of(kind, event.properties))
    return {"PhysicalResourceId": arn, PROGRESS: {_SINCE: clock.now()}}


def proceed(event: Event, kind: Kind, api: Personalize) -> Answer:
    """Take the next step, and answer whether it was the last."""
    arn = str(event.physical_id)
    data: dict[str, str] = {}

    def step() -> bool:
        if event.request_type == "Delete":
            return _is_gone(arn, kind, api)
        status = _status(event, arn, kind, api)
        data.update({ARN: arn, STATUS: str(status)})
        return status == "ACTIVE"

    deadline = float(event.progress[_SINCE]) + _SECONDS
    if unless_passing(step, deadline=deadline, bound=_SECONDS):
        return {"IsComplete": True, "Data": data} if data else {"IsComplete": True}
    if clock.now() >= deadline:
        raise HandlerError(f"{arn} did not come to rest within {_SECONDS} s")
    return {"IsComplete": False}


def _arn(event: Event, kind: Kind, request: dict[str, Any]) -> str:
    if kind is DATASET:
        group = request["datasetGroupArn"].rpartition("/")[2]
        return event.arn("personalize", f"dataset/{group}/{request['datasetType'].upper()}")
    return event.arn("personalize", f"{kind.segment}/{request[kind.name]}")


def _status(event: Event, arn: str, kind: Kind, api: Personalize) -> str | None:
    """The status of what is declared, created where it is not there; None as long as it cannot be."""
    found = api.describe(kind, arn)
    if found is None:
        _create(event, kind, api)
        return None
    status = str(found.get("status", "ACTIVE"))  # a schema has none: it is there at once
    if "FAILED" in status:
        raise HandlerError(f"{arn} is in status {status}: {found.get('failureReason', 'no reason given')}")
    if kind is DATASET and status == "ACTIVE":
        _follow(event, found, api)
    return status


def _create(event: Event, kind: Kind, api: Personalize) -> None:
    request = request_of(kind, event.properties)
    if kind is DATASET:
        tags = {**tags_of(event.properties), **owner_tags(event)}
        request[TAGS] = [{"tagKey": key, "tagValue": value} for key, value in sorted(tags.items())]
    try:
        api.create(kind, request)
    except ParamValidationError as error:
        raise explained(kind, error) from error
    except ClientError as error:
        if code_of(error) != TAKEN and not passes_by_waiting(error):
            raise explained(kind, error) from error
        log("not created yet", reason=str(error))


def _follow(event: Event, found: dict[str, Any], api: Personalize) -> None:
    """A dataset that is there takes over the declared schema, which counts from the next import on, and the tags."""
    arn, schema = found["datasetArn"], request_of(DATASET, event.properties)["schemaArn"]
    if found.get("schemaArn") != schema:
        api.client.update_dataset(datasetArn=arn, schemaArn=schema)
    tags, old = tags_of(event.properties), tags_of(event.old_properties)
    if tags != old:
        api.add_tags(arn, tags)
        api.delete_tags(arn, old.keys() - tags.keys() - OWNER_TAGS)


def _is_gone(arn: str, kind: Kind, api: Personalize) -> bool:
    if not arn.startswith("arn:") or api.describe(kind, arn) is None:
        return True  # CloudFormation invents an id for what was never created
    try:
        api.delete(kind, arn)
    except ClientError as error:
        if code_of(error) != BUSY:
            raise
        log("not deleted yet", arn=arn, reason=str(error))
    return False
