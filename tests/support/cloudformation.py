"""CloudFormation and the provider framework as the handlers see them: deliveries, failures, roll-backs, clean-ups.

Facts: a request is delivered again with the same id when the framework dies before it has answered, or cannot send its
answer; a success that it cannot send in six attempts becomes a failure; an answer that never arrives is a failure after
a time; a Create that failed so is deleted under an invented physical id; an update that changed the physical id is
followed by a Delete of the old one once the whole stack is updated, or of the new one after a roll-back; a Delete that
fails in the clean-up is tried three times in all.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from infra.handlers import tuning_job

Properties = dict[str, Any]
MOST_POLLS = 700
CLEAN_UP_TRIES = 3
OPERATOR_TRIES = 12
"""How often an operator comes back to a stack that is stuck while the storm goes on."""

INVOCATIONS = 3
"""How often Lambda runs a function that was called by an event, and failed."""

PUT_ATTEMPTS = 6
"""How often CDK's framework tries to send one answer."""


class Killed(BaseException):
    """The function died; no handler of its code sees this."""


@dataclass
class Resource:
    """A resource that exists: what it is, and under which declaration."""

    physical_id: str
    properties: Properties


@dataclass
class FailedError(Exception):
    """A FAILED answer, or none; with the physical id that CloudFormation goes on with."""

    reason: str
    physical_id: str | None


@dataclass
class Framework:
    """Delivers requests to the handler, as CDK's provider framework does, and counts its answers."""

    random: random.Random
    poll: Callable[[], None]
    """What happens between two questions whether a request is complete."""

    handler: ModuleType = tuning_job
    """The module with the entry points."""

    deaths: int = 0
    """How many functions of the framework are still to die with what they were told."""

    failing_puts: int = 0
    """How many of the next attempts to send an answer to the ResponseURL fail."""

    failed_puts: int = 0
    requests: int = 0
    answers: list[int] = field(default_factory=list)
    """Answers for each request: one each, or none where every attempt to send it failed."""

    def deliver(self, event: dict[str, Any]) -> dict[str, Any]:
        """The answer's physical id and data.

        Raises:
            FailedError: if the answer is FAILED, or never arrives.
        """
        self.requests += 1
        event = {**event, "RequestId": f"request-{self.requests}"}
        answer = self._answer(event)
        self.answers.append(0 if answer is None else 1)
        if answer is None:
            raise FailedError("timed out", None)
        if isinstance(answer, FailedError):
            assert len(answer.reason.encode()) < 3000
            raise answer
        return answer

    def _answer(self, event: dict[str, Any]) -> dict[str, Any] | FailedError | None:
        """What arrives at CloudFormation. Lambda invokes the first function again where it died or could not answer."""
        for _ in range(INVOCATIONS):
            try:
                planned = {**event, **self.handler.on_event(event, None)}
            except (RuntimeError, Killed) as error:
                answer = self._sent(FailedError(str(error), self._known(event, event)))
                if answer is not None:
                    return answer
                continue
            if self._dies():
                continue
            return self._waited_for(event, planned)
        return None

    def _waited_for(self, event: dict[str, Any], planned: dict[str, Any]) -> dict[str, Any] | FailedError | None:
        """What the waiter's questions lead to; it asks again where the function that asks has died."""
        for _ in range(MOST_POLLS):
            try:
                done = self.handler.is_complete(planned, None)
                assert done["IsComplete"] or "Data" not in done
                found = {**planned, **done} if done["IsComplete"] else None
            except (RuntimeError, Killed) as error:
                answer = self._sent(FailedError(str(error), self._known(event, planned)))
            else:
                answer = None if found is None or self._dies() else self._sent(found, self._known(event, planned))
            if answer is not None:
                return answer
            self.poll()
        return self._sent(FailedError("Operation timed out", planned.get("PhysicalResourceId")))

    def _known(self, event: dict[str, Any], planned: dict[str, Any]) -> str | None:
        """The physical id that CloudFormation goes on with after a failure."""
        # Whether it takes the new id of a failed update is not documented: both must do.
        if event["RequestType"] == "Update" and self.random.random() < 0.5:
            return str(event["PhysicalResourceId"])
        return planned.get("PhysicalResourceId")

    def _dies(self) -> bool:
        if self.deaths == 0:
            return False
        self.deaths -= 1
        return True

    def _sent(
        self, answer: dict[str, Any] | FailedError, known: str | None = None
    ) -> dict[str, Any] | FailedError | None:
        """The answer as it arrives: a success that could not be sent is followed by a failure that says so."""
        if self._put():
            return answer
        if isinstance(answer, FailedError):
            return None
        failure = FailedError("Unsuccessful HTTP response: 503", known)
        return failure if self._put() else None

    def _put(self) -> bool:
        for _ in range(PUT_ATTEMPTS):
            if self.failing_puts == 0:
                return True
            self.failing_puts -= 1
            self.failed_puts += 1
        return False


@dataclass
class Stack:
    """A stack of resources of one type by logical id."""

    name: str
    framework: Framework
    resource_type: str = "Custom::HyperParameterTuningJob"
    number: int = 0
    resources: dict[str, Resource] = field(default_factory=dict)
    exists: bool = False
    _invented: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def stack_id(self) -> str:
        """The id of the stack that has the name now."""
        return f"arn:aws:cloudformation:eu-west-1:111122223333:stack/{self.name}/{self.number:08d}"

    def deploy(self, template: Mapping[str, Properties], *, fails_after: int | None = None) -> bool:
        """Create or update; whether it succeeded. With ``fails_after``, something else fails after so many steps."""
        if not self.exists:
            return self._create(template, fails_after)
        return self._update(template, fails_after)

    def delete(self) -> bool:
        """Delete the stack; whether it is gone."""
        for logical_id in list(self.resources):
            resource = self.resources[logical_id]
            if not self._delete(logical_id, resource.physical_id, resource.properties):
                return False
            del self.resources[logical_id]
        self.exists = False
        return True

    def _create(self, template: Mapping[str, Properties], fails_after: int | None) -> bool:
        self.number += 1
        self.exists = True
        for step, (logical_id, properties) in enumerate(template.items()):
            if step == fails_after or not self._create_resource(logical_id, properties):
                self._until_deleted()
                return False
        if fails_after is not None and fails_after >= len(template):
            self._until_deleted()
            return False
        return True

    def _until_deleted(self) -> None:
        """A roll-back of a creation deletes; where that fails an operator deletes again."""
        for _ in range(OPERATOR_TRIES):
            if self.delete():
                return
        raise AssertionError("the stack is stuck in its deletion")

    def _create_resource(self, logical_id: str, properties: Properties) -> bool:
        try:
            answer = self._request("Create", logical_id, properties)
        except FailedError as failure:
            invented = f"{self.name}-{logical_id}-{next(self._invented):012X}"
            known = invented if failure.physical_id is None else failure.physical_id
            self.resources[logical_id] = Resource(known, properties)
            return False
        self.resources[logical_id] = Resource(answer["PhysicalResourceId"], properties)
        return True

    def _update(self, template: Mapping[str, Properties], fails_after: int | None) -> bool:
        before = {name: Resource(each.physical_id, each.properties) for name, each in self.resources.items()}
        replaced: list[tuple[str, Resource]] = []
        ok = True
        for step, (logical_id, properties) in enumerate(template.items()):
            if step == fails_after:
                ok = False
            elif logical_id not in self.resources:
                ok = self._create_resource(logical_id, properties)
            elif self.resources[logical_id].properties != properties:
                ok = self._update_resource(logical_id, properties, replaced)
            if not ok:
                break
        if not ok or (fails_after is not None and fails_after >= len(template)):
            self._roll_back(before)
            return False
        gone = [(name, self.resources.pop(name)) for name in list(self.resources) if name not in template]
        self._clean_up([*replaced, *gone])
        return True

    def _update_resource(self, logical_id: str, properties: Properties, replaced: list[tuple[str, Resource]]) -> bool:
        """Update one resource; a failed one has the new properties and the id that is known, as a roll-back sees it."""
        old = self.resources[logical_id]
        new = Resource(old.physical_id, properties)
        self.resources[logical_id] = new
        try:
            answer = self._request("Update", logical_id, properties, old=old)
        except FailedError as failure:
            if failure.physical_id is not None:
                new.physical_id = failure.physical_id
            return False
        new.physical_id = answer["PhysicalResourceId"]
        if new.physical_id != old.physical_id:
            replaced.append((logical_id, old))
        return True

    def _roll_back(self, before: Mapping[str, Resource]) -> None:
        """Return to what was; where that fails an operator continues the roll-back."""
        replaced: list[tuple[str, Resource]] = []
        for _ in range(OPERATOR_TRIES):
            if all(self._return(name, old, replaced) for name, old in before.items()):
                break
        else:
            raise AssertionError("the stack is stuck in its roll-back")
        added = [(name, self.resources.pop(name)) for name in list(self.resources) if name not in before]
        self._clean_up([*replaced, *added])

    def _return(self, logical_id: str, old: Resource, replaced: list[tuple[str, Resource]]) -> bool:
        now = self.resources[logical_id]
        if now.properties == old.properties:
            return True
        try:
            answer = self._request("Update", logical_id, old.properties, old=now)
        except FailedError:
            return False
        self.resources[logical_id] = Resource(answer["PhysicalResourceId"], old.properties)
        if answer["PhysicalResourceId"] != now.physical_id:
            replaced.append((logical_id, now))
        return True

    def _clean_up(self, gone: list[tuple[str, Resource]]) -> None:
        for logical_id, resource in gone:
            any(self._delete(logical_id, resource.physical_id, resource.properties) for _ in range(CLEAN_UP_TRIES))

    def _delete(self, logical_id: str, physical_id: str, properties: Properties) -> bool:
        try:
            self._request("Delete", logical_id, properties, physical_id=physical_id)
        except FailedError:
            return False
        return True

    def _request(
        self,
        kind: str,
        logical_id: str,
        properties: Properties,
        *,
        old: Resource | None = None,
        physical_id: str | None = None,
    ) -> dict[str, Any]:
        event: dict[str, Any] = {
            "RequestType": kind,
            "ResponseURL": "https://example.com/?X-Amz-Signature=secret",
            "StackId": self.stack_id,
            "LogicalResourceId": logical_id,
            "ResourceType": self.resource_type,
            "ResourceProperties": properties,
        }
        if old is not None:
            event |= {"OldResourceProperties": old.properties, "PhysicalResourceId": old.physical_id}
        if physical_id is not None:
            event["PhysicalResourceId"] = physical_id
        return self.framework.deliver(event)
