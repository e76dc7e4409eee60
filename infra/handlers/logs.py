"""Structured logs: one JSON object a line, with the request that it belongs to."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from . import clock
from .contract import METRIC_DIMENSION, METRIC_NAMESPACE

LOGGER: Final = logging.getLogger("cdk_tuning.handlers")
_CONTEXT: Final[ContextVar[Mapping[str, str]]] = ContextVar("log_context", default={})  # noqa: B039 - never mutated


@contextmanager
def logging_about(fields: Mapping[str, str]) -> Iterator[None]:
    """Add ``fields`` to every line that is logged inside, beside those that are there already."""
    token = _CONTEXT.set({**_CONTEXT.get(), **fields})
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def log(message: str, level: int = logging.INFO, **fields: Any) -> None:
    """Log ``message`` with ``fields``. Nothing may be logged that has an event's ResponseURL: it is a credential."""
    LOGGER.log(level, message, extra={"fields": fields}, exc_info=sys.exc_info() if level >= logging.ERROR else None)


def metric(name: str, value: float, parameter: str) -> None:
    """Log a value in CloudWatch's embedded metric format, of which CloudWatch makes a metric without another call."""
    described = {
        "Timestamp": int(clock.now() * 1000),
        "CloudWatchMetrics": [
            {"Namespace": METRIC_NAMESPACE, "Dimensions": [[METRIC_DIMENSION]], "Metrics": [{"Name": name}]}
        ],
    }
    fields = {"_aws": described, METRIC_DIMENSION: parameter, name: value}
    LOGGER.info("metric", extra={"fields": fields})


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's time, level, message and fields, and the trace of an error that was caught."""
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "message": record.getMessage(),
            **_CONTEXT.get(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info is not None and record.exc_info[0] is not None:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class _StandardError(logging.StreamHandler[Any]):
    """Writes to whatever standard error is now; Lambda replaces it between invocations."""

    @property
    def stream(self) -> Any:
        return sys.stderr

    @stream.setter
    def stream(self, value: Any) -> None:
        pass


def _set_up() -> None:
    handler = _StandardError()
    handler.setFormatter(JsonFormatter())
    LOGGER.handlers = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False  # Lambda's own handler on the root logger would write every line again


_set_up()
