"""Personalize in memory: solutions, versions and imports whose status is what a test makes it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from infra.handlers.personalize_contract import KINDS, Kind
from infra.handlers.personalize_jobs import STATES
from tests.support.fake_aws import Refusal
from tests.support.fault_cases import PARENT, PERSONALIZE_ARN

STATUS = {state.value: status for status, state in reversed(STATES.items())}
"""The service's word for each state: the first of several."""


@dataclass
class Thing:
    """One resource of the service."""

    name: str
    status: str
    tags: dict[str, str]
    request: dict[str, Any]
    described: dict[str, Any] = field(default_factory=dict)
    """What Describe answers beside them."""


@dataclass
class FakePersonalize:
    """The resources of one kind; there is one solution to have versions."""

    kind: Kind
    things: dict[str, Thing] = field(default_factory=dict)
    """By ARN."""

    campaigns: list[str] = field(default_factory=list)
    failure: str = "it failed"
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        for kind in KINDS.values():
            if operation == kind.create:
                return self._create(kind, request)
            if operation == kind.describe:
                return self._describe(kind, request)
        answer: dict[str, Any] = getattr(self, f"_{operation}")(request)
        return answer

    def add(self, name: str, state: str, tags: dict[str, str]) -> str:
        """A resource that is there already; returns its ARN."""
        arn = f"{PARENT}/{next(self._numbers):08x}" if self._is_version else self.arn(name)
        self.things[arn] = Thing(name, STATUS[state], tags, {})
        return arn

    def arn(self, name: str) -> str:
        """The ARN of a name."""
        return f"{PERSONALIZE_ARN}{self.kind.segment}/{name}"

    @property
    def _is_version(self) -> bool:
        return self.kind.described == "solutionVersion"

    def _create(self, kind: Kind, request: dict[str, Any]) -> dict[str, Any]:
        assert kind is self.kind
        name = request[kind.name]
        if name in (thing.name for thing in self.things.values()):
            raise Refusal("ResourceAlreadyExistsException", f"{name} exists")
        arn = self.add(name, "InProgress", {tag["tagKey"]: tag["tagValue"] for tag in request.get("tags", [])})
        self.things[arn].request = request
        return {kind.arn: arn}

    def _describe(self, kind: Kind, request: dict[str, Any]) -> dict[str, Any]:
        arn = request[kind.arn]
        thing = self._thing(arn)
        failed = {"failureReason": self.failure} if "FAILED" in thing.status else {}
        known = {kind.arn: arn, kind.name: thing.name, "status": thing.status}
        return {kind.described: {**known, **failed, **thing.described}}

    def _thing(self, arn: str) -> Thing:
        if arn not in self.things:
            raise Refusal("ResourceNotFoundException", f"there is no {arn}")
        return self.things[arn]

    def _DeleteSolution(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        thing = self._thing(request["solutionArn"])
        if thing.status == "CREATE IN_PROGRESS" or thing.status == "CREATE PENDING":
            raise Refusal("ResourceInUseException", "it is being created")
        thing.status = "DELETE PENDING"
        return {}

    def _ListSolutionVersions(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        found = self.things.items() if self._is_version and request["solutionArn"] == PARENT else ()
        entries = [{"solutionVersionArn": arn, "status": thing.status} for arn, thing in found]
        return {"solutionVersions": entries}

    def _StopSolutionVersionCreation(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._thing(request["solutionVersionArn"]).status = "CREATE STOPPING"
        return {}

    def _GetSolutionMetrics(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"solutionVersionArn": request["solutionVersionArn"], "metrics": {"coverage": 0.5}}

    def _ListCampaigns(self, _request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"campaigns": [{"campaignArn": arn} for arn in self.campaigns]}

    def _ListTagsForResource(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        tags = self._thing(request["resourceArn"]).tags
        return {"tags": [{"tagKey": key, "tagValue": value} for key, value in tags.items()]}

    def _TagResource(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._thing(request["resourceArn"]).tags.update({t["tagKey"]: t["tagValue"] for t in request["tags"]})
        return {}

    def _UntagResource(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        for key in request["tagKeys"]:
            self._thing(request["resourceArn"]).tags.pop(key, None)
        return {}
