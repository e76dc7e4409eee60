"""Publishes the result of a Personalize solution version that trained on after its deployment.

The service tells EventBridge nothing of a version's end but the API calls that CloudTrail has seen (EventBridge's
reference, "Amazon Personalize events"), so this is called at intervals and looks for itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from . import clients, publishing
from .entry import Answer
from .life_cycle import State
from .logs import log
from .personalize_api import Personalize
from .personalize_contract import (
    RESULT_METRICS,
    RESULT_STATUS,
    RESULT_TUNED,
    SOLUTION_VERSION,
    SOLUTION_VERSION_ARN,
)
from .personalize_jobs import STATES, tuned_of
from .publishing import LONGEST_REASON, Outcome, publish_outcome, serialised

_ENDS: Final = (State.COMPLETED, State.FAILED, State.STOPPED)


def publish(event: Mapping[str, Any], context: Any) -> Answer:
    """Write the result of the version that ``event`` names; answers whether that changed anything."""
    return publishing.answer(event, context, SOLUTION_VERSION_ARN, _publish)


def _publish(arn: str, parameter: str, topic: str | None) -> bool:
    api = Personalize(clients.personalize())
    version = api.describe(SOLUTION_VERSION, arn)
    if version is None:
        log("the solution version is gone; what is published stays", logging.WARNING)
        return False
    state = STATES.get(version["status"])
    if state not in _ENDS:
        return publishing.running(version["creationDateTime"].timestamp(), parameter)
    metrics = api.metrics(arn) if state is State.COMPLETED else {}
    outcome = Outcome(
        title=f"Solution version {arn.rpartition(':')[2]}",
        status=version["status"],
        failed=state is State.FAILED,
        value=serialised(result_of(version, metrics)),
    )
    return publish_outcome(outcome, parameter, topic)


def result_of(version: Mapping[str, Any], metrics: Mapping[str, float]) -> dict[str, Any]:
    """What a version ended with, in the API's own names."""
    result: dict[str, Any] = {
        SOLUTION_VERSION_ARN: version["solutionVersionArn"],
        "solutionArn": version["solutionArn"],
        RESULT_STATUS: version["status"],
        "recipeArn": version.get("recipeArn"),
        "trainingHours": version.get("trainingHours"),
        RESULT_TUNED: {"algorithmHyperParameters": tuned_of(version)},
        RESULT_METRICS: dict(metrics),
    }
    if "failureReason" in version:
        result["failureReason"] = version["failureReason"][:LONGEST_REASON]
    return {member: value for member, value in result.items() if value is not None}
