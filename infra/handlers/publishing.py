"""Publishes the result of what ended, long after the deployment that started it: to an SSM parameter and a topic.

Only ends are published; a result that is published already is left as it is. So whoever calls it late, twice or never
makes no difference.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from . import clients, clock
from .contract import METRIC_FAILED, METRIC_RUNNING_SECONDS, RESULT_PARAMETER, RESULT_TOPIC
from .entry import Answer, explained
from .errors import HandlerError, code_of
from .logs import log, logging_about, metric

# Parameter Store takes 8,192 bytes of an advanced parameter; intelligent tiering makes it one if need be.
MOST_BYTES: Final = 8192
LONGEST_REASON: Final = 1000
_LONGEST_SUBJECT: Final = 100


@dataclass(frozen=True)
class Outcome:
    """What something ended with.

    Attributes:
        title: what a message calls it, such as ``Tuning job translate-0a1b``.
        status: as its service says.
        failed: whether that is a failure.
        value: the result as JSON.
    """

    title: str
    status: str
    failed: bool
    value: str


def answer(
    event: Mapping[str, Any], context: Any, member: str, publish: Callable[[str, str, str | None], bool]
) -> Answer:
    """Publish about what an event names; answers whether that changed anything.

    Args:
        event: with the names of the parameter and of what may have ended, and the topic if there is one.
        context: of the invocation.
        member: which member of the event names what may have ended.
        publish: does it, given these three names.
    """
    with logging_about({"job": str(event.get(member)), "parameter": str(event.get(RESULT_PARAMETER))}):
        try:
            subject, parameter = _text(event, member), _text(event, RESULT_PARAMETER)
            return {"Published": publish(subject, parameter, event.get(RESULT_TOPIC))}
        except Exception as error:
            log("failed", logging.ERROR)
            raise explained(error, context) from None


def running(since: float, parameter: str) -> bool:
    """Nothing has ended as yet: log for how long it has been running; answers that nothing was published."""
    metric(METRIC_RUNNING_SECONDS, clock.now() - since, parameter)
    return False


def publish_outcome(outcome: Outcome, parameter: str, topic: str | None) -> bool:
    """Write an outcome, unless it is there already; answers whether that changed anything."""
    if outcome.value == _present(parameter):
        log("published already", status=outcome.status)
        return False
    # Before the parameter, which is what tells the next call that all is done: rather twice than never.
    if topic is not None:
        subject = f"{outcome.title}: {outcome.status}"[:_LONGEST_SUBJECT]
        clients.sns().publish(TopicArn=topic, Subject=subject, Message=outcome.value)
    clients.ssm().put_parameter(Name=parameter, Value=outcome.value, Overwrite=True)
    log("published", status=outcome.status)
    metric(METRIC_FAILED, float(outcome.failed), parameter)
    return True


def serialised(result: Mapping[str, Any]) -> str:
    """A result as one line of JSON, the same for the same result."""
    return json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _text(event: Mapping[str, Any], member: str) -> str:
    """A name that an event must have.

    Raises:
        HandlerError: if it has none.
    """
    value = event.get(member)
    if not isinstance(value, str) or not value:
        raise HandlerError(f"the event's {member} must be a name, got {value!r}")
    return value


def _present(parameter: str) -> str | None:
    try:
        return clients.ssm().get_parameter(Name=parameter)["Parameter"]["Value"]
    except ClientError as error:
        if code_of(error) == "ParameterNotFound":
            raise HandlerError(f"there is no parameter {parameter!r}; deploy the stack that declares it") from error
        raise
