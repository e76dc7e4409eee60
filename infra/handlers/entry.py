"""What every entry point does around its work: log, and turn errors into short messages that name their log."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .contract import (
    BEST_TRAINING_JOB_RESOURCE_TYPE,
    GPU_QUOTA_RESOURCE_TYPE,
    IMAGE_BUILD_RESOURCE_TYPE,
    TUNING_JOB_NAME,
    TUNING_JOB_RESOURCE_TYPE,
)
from .errors import HandlerError, said
from .events import Event
from .logs import log, logging_about
from .shown import shortened, shown

Answer = dict[str, Any]

# What the handler in a module is for; that of Personalize is for several types, and looks itself.
_RESOURCE_TYPES = {
    "best_training_job": BEST_TRAINING_JOB_RESOURCE_TYPE,
    "gpu_quota": GPU_QUOTA_RESOURCE_TYPE,
    "image_build": IMAGE_BUILD_RESOURCE_TYPE,
    "tuning_job": TUNING_JOB_RESOURCE_TYPE,
}

# CloudFormation takes answers of up to 4,096 bytes, and the provider framework adds a trace of its own.
_LONGEST_MESSAGE = 1500
_LONGEST_LOG_NAME = 512
_LONGEST_JOB = 1024


def entry_point(work: Callable[[Event], Answer]) -> Callable[[Mapping[str, Any], Any], Answer]:
    """A Lambda function that does ``work``: it answers, or raises one RuntimeError that says why not."""

    @functools.wraps(work)
    def function(event: Mapping[str, Any], context: Any) -> Answer:
        try:
            parsed = Event.parse(event)
        except HandlerError as error:
            raise explained(error, context) from None
        with logging_about(_fields(parsed)):
            log(f"{work.__name__} {parsed.request_type}")
            try:
                _check_resource_type(parsed, work.__module__.rpartition(".")[2])
                answer = work(parsed)
            except Exception as error:
                log("failed", logging.ERROR)
                raise explained(error, context) from None
            log("answered", answer=answer)
            return answer

    return function


def _check_resource_type(event: Event, module: str) -> None:
    """Refuse what is another handler's; not its deletion, which follows when this was refused, and finds nothing."""
    expected, got = _RESOURCE_TYPES.get(module), event.resource_type
    if expected is not None and got.startswith("Custom::") and got != expected and event.request_type != "Delete":
        raise HandlerError(f"ServiceToken names the function for {expected}, and the resource is a {shown(got)}")


def explained(error: Exception, context: Any) -> RuntimeError:
    """The error as a person reads it in the stack's events: short, and with the place of the whole trace."""
    group, stream = _log_of(context, "group"), _log_of(context, "stream")
    return RuntimeError(f"{shortened(_reason(error), _LONGEST_MESSAGE)} (log group {group}, stream {stream})")


def _fields(event: Event) -> dict[str, str]:
    fields = {"request_id": event.request_id, "stack": event.stack_name, "logical_id": event.logical_id}
    # Before there is a physical id, what is declared: the job may get another of the declaration's names.
    job = event.properties.get(TUNING_JOB_NAME) if event.physical_id is None else event.physical_id
    return {**fields, "job": job[:_LONGEST_JOB]} if isinstance(job, str) else fields


def _reason(error: Exception) -> str:
    if isinstance(error, HandlerError):
        return str(error)
    if isinstance(error, ClientError | BotoCoreError):
        return said(error)
    return f"the handler has an error of its own: {error!r}"


def _log_of(context: Any, which: str) -> str:
    """Name of the function's log group or stream, from Lambda's context or else from its environment."""
    name = getattr(context, f"log_{which}_name", None)
    known = os.environ.get(f"AWS_LAMBDA_LOG_{which.upper()}_NAME", "unknown") if name is None else str(name)
    return shortened(known, _LONGEST_LOG_NAME)
