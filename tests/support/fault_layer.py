"""A bad network before a service, and functions that may die at any call."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from tests.support.cloudformation import Killed
from tests.support.fake_aws import Refusal
from tests.support.fault_backends import Backend

URL = "https://api.sagemaker.example"
MOST_KILLS = 2
RANDOM_FAULTS = ("throttled", "server error", "no connection", "connection lost after the effect", *("killed",) * 2)
RESTARTED = "engine restarted"
ROLE_MISSING = "role missing"
FAULTS = frozenset({*RANDOM_FAULTS, "killed after", ROLE_MISSING, RESTARTED, "answer not sent"})


@dataclass
class FaultyCalls:
    """A service as handlers reach it."""

    backend: Backend
    random: random.Random
    rate: float
    seen: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    storm: int = 0
    """How many of the next calls are throttled."""

    roleless: int = 0
    """How many of the next creations find that their role is not there yet."""

    kills: int = 0
    kill_at: int = 0
    """The function that makes the call of this number dies; 0 for none."""

    kills_after: bool = False
    """Whether it dies after the call's effect, not before it."""

    on: bool = True

    def __call__(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        fault = self._fault(operation)
        if fault is not None:
            self.seen[fault] += 1
        self._before(fault)
        answer = self.backend.call(operation, request)
        if fault == "killed after":
            raise Killed("killed after a call")
        if fault == RESTARTED:
            self.backend.restart()
        if fault in (RESTARTED, "connection lost after the effect"):
            raise ConnectionClosedError(endpoint_url=URL)
        return answer

    def _before(self, fault: str | None) -> None:
        """What keeps a call from its effect."""
        if fault == "throttled":
            raise Refusal("ThrottlingException", "Rate exceeded")
        if fault == "server error":
            raise Refusal("InternalFailure", "try again", 500)
        if fault == ROLE_MISSING:
            assert self.backend.case.role_missing is not None
            raise self.backend.case.role_missing
        if fault == "no connection":
            raise EndpointConnectionError(endpoint_url=URL)
        if fault == "killed":
            raise Killed("killed before a call")

    def _fault(self, operation: str) -> str | None:
        if self.calls == self.kill_at:
            return "killed after" if self.kills_after else "killed"
        if self.roleless > 0 and operation == self.backend.case.create and self.backend.case.role_missing is not None:
            self.roleless -= 1
            return ROLE_MISSING
        return self._random_fault() if self.on else None

    def _random_fault(self) -> str | None:
        if self.storm > 0:
            self.storm -= 1
            return "throttled"
        if self.random.random() >= self.rate:
            return None
        if self.backend.restarts and self.random.random() < 0.1:
            return RESTARTED
        fault = self.random.choice(RANDOM_FAULTS)
        if fault == "killed":
            if self.kills >= MOST_KILLS:
                return None
            self.kills += 1
            return self.random.choice(("killed", "killed after"))
        if fault == "throttled" and self.random.random() < 0.2:
            self.storm = self.random.randint(1, 40)
        return fault


class DirectClient:
    """The methods of a boto3 client without its cost: hundreds of schedules make many thousand calls."""

    def __init__(self, call: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        self._call = call

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = "".join(word.title() for word in method.split("_"))

        def call(**request: Any) -> dict[str, Any]:
            try:
                return self._call(operation, request)
            except Refusal as refusal:
                error: Any = {
                    "Error": {"Code": refusal.code, "Message": refusal.message},
                    "ResponseMetadata": {"HTTPStatusCode": refusal.status},
                }
                raise ClientError(error, operation) from None

        return call

    def get_paginator(self, method: str) -> Any:
        def paginate(**request: Any) -> Iterator[dict[str, Any]]:
            page = getattr(self, method)(**request)
            yield page
            while "NextToken" in page:
                page = getattr(self, method)(**request, NextToken=page["NextToken"])
                yield page

        return SimpleNamespace(paginate=paginate)
