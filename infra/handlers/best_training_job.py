"""``Custom::BestTrainingJob``: hands a published result over to a stack that is deployed once the job has completed."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from . import clients
from .contract import (
    BEST_ARN,
    BEST_IMAGE,
    BEST_MODEL,
    BEST_NAME,
    BEST_OBJECTIVE,
    RESULT_BEST,
    RESULT_PARAMETER,
    RESULT_STATUS,
    TUNING_JOB_NAME,
)
from .entry import Answer, entry_point
from .errors import HandlerError, code_of
from .events import Event
from .shown import shown


@entry_point
def on_event(event: Event) -> Answer:
    """Create and Update read the result, Delete does nothing; the physical id is the parameter's name."""
    if event.request_type == "Delete":
        return {"PhysicalResourceId": event.physical_id}
    parameter = event.properties.get(RESULT_PARAMETER)
    if not isinstance(parameter, str) or not parameter:
        raise HandlerError(f"{RESULT_PARAMETER} must be the name of a parameter, got {shown(parameter)}")
    result = _read(parameter)
    best = result.get(RESULT_BEST)
    if not isinstance(best, dict):
        name, status = result.get(TUNING_JOB_NAME), result.get(RESULT_STATUS)
        raise HandlerError(
            f"the tuning job {name!r} has no best training job, it is {status}: deploy this stack again when it has one"
        )
    return {
        "PhysicalResourceId": parameter,
        "Data": {
            BEST_NAME: best[BEST_NAME],
            BEST_ARN: best[BEST_ARN],
            BEST_OBJECTIVE: str(best.get("ObjectiveMetric", {}).get("Value", "")),
            BEST_MODEL: best.get(BEST_MODEL, ""),
            BEST_IMAGE: best.get(BEST_IMAGE, ""),
        },
    }


def _read(parameter: str) -> dict[str, Any]:
    try:
        value = clients.ssm().get_parameter(Name=parameter)["Parameter"]["Value"]
        result = json.loads(value)
    except ClientError as error:
        if code_of(error) == "ParameterNotFound":
            raise HandlerError(f"there is no parameter {parameter!r}; publish the tuning job's result first") from error
        raise
    except ValueError as error:
        raise HandlerError(f"the parameter {parameter!r} holds no tuning job's result: {error}") from error
    if not isinstance(result, dict):
        raise HandlerError(f"the parameter {parameter!r} holds no tuning job's result")
    return result
