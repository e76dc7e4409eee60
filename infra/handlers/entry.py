"""What every entry point does around its work: log, and turn errors into short messages that name their log."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .errors import HandlerError, code_of, message_of
from .events import Event
from .logs import log, logging_about

Answer = dict[str, Any]

# CloudFormation takes answers of up to 4,096 bytes, and the provider framework adds a trace of its own.
_LONGEST_MESSAGE = 1500


def entry_point(work: Callable[[Event], Answer]) -> Callable[[Mapping[str, Any], Any], Answer]:
    """A Lambda function that does ``work``."""

    @functools.wraps(work)
    def function(event: Mapping[str, Any], context: Any) -> Answer:
        parsed = Event.parse(event)
        with logging_about(_fields(parsed)):
            log(f"{work.__name__} {parsed.request_type}")
            try:
                answer = work(parsed)
            except Exception as error:
                log("failed", logging.ERROR)
                raise RuntimeError(_explained(error, context)) from None
            log("answered", answer=answer)
            return answer

    return function


def _fields(event: Event) -> dict[str, str]:
    fields = {"request_id": event.request_id, "stack": event.stack_name, "logical_id": event.logical_id}
    return fields if event.physical_id is None else {**fields, "job": event.physical_id}


def _explained(error: Exception, context: Any) -> str:
    group, stream = _log_of(context, "group"), _log_of(context, "stream")
    return f"{_shortened(_reason(error))} (log group {group}, stream {stream})"


def _reason(error: Exception) -> str:
    if isinstance(error, HandlerError):
        return str(error)
    if isinstance(error, ClientError):
        return f"{error.operation_name} failed with {code_of(error)}: {message_of(error)}"
    if isinstance(error, BotoCoreError):
        return str(error)
    return f"the handler has an error of its own: {error!r}"


def _shortened(text: str) -> str:
    encoded = text.encode()
    if len(encoded) <= _LONGEST_MESSAGE:
        return text
    return encoded[:_LONGEST_MESSAGE].decode(errors="ignore") + " [...]"


def _log_of(context: Any, which: str) -> str:
    """Name of the function's log group or stream, from Lambda's context or else from its environment."""
    name = getattr(context, f"log_{which}_name", None)
    return os.environ.get(f"AWS_LAMBDA_LOG_{which.upper()}_NAME", "unknown") if name is None else str(name)
