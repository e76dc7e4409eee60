"""CloudFormation and the provider framework as the handlers see them: deliveries, failures, roll-backs, clean-ups.

Facts: a request is delivered again with the same id when the framework dies before it has answered; an answer that
never arrives is a failure after a time; a Create that failed so is deleted under an invented physical id; an update
that changed the physical id is followed by a Delete of the old one once the whole stack is updated, or of the new one
after a roll-back; a Delete that fails in the clean-up is tried three times in all.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.handlers import tuning_job

Properties = dict[str, Any]
MOST_POLLS = 700
CLEAN_UP_TRIES = 3


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

    lost_answers: int = 0
    """How many answers are still to be lost on their way."""

    requests: int = 0
    answers: list[int] = field(default_factory=list)
    """Answers for each request: one each."""

    def deliver(self, event: dict[str, Any]) -> dict[str, Any]:
        """The answer's physical id and data.

        Raises:
            FailedError: if the answer is FAILED, or never arrives.
        """
        self.requests += 1
        event = {**event, "RequestId": f"request-{self.requests}"}
        for _ in range(3):
            answer = self._once(event)
            if self.lost_answers > 0:
                # The framework's function fails then, and Lambda invokes it again with the same event.
                self.lost_answers -= 1
                continue
            self.answers.append(1)
            if isinstance(answer, FailedError):
                assert len(answer.reason.encode()) < 3000
                raise answer
            return answer
        self.answers.append(0)
        raise FailedError("timed out", None)

    def _once(self, event: dict[str, Any]) -> dict[str, Any] | FailedError:
        merged = event
        try:
            merged = {**event, **tuning_job.on_event(event, None)}
            for _ in range(MOST_POLLS):
                done = tuning_job.is_complete(merged, None)
                if done["IsComplete"]:
                    return {**merged, **done}
                assert "Data" not in done
                self.poll()
        except (RuntimeError, Killed) as error:
            known = merged.get("PhysicalResourceId")
            # Whether CloudFormation takes the id of a failed update is not documented: both must do.
            if event["RequestType"] == "Update" and self.random.random() < 0.5:
                known = event["PhysicalResourceId"]
            return FailedError(str(error), known)
        return FailedError("the waiter gave up", merged.get("PhysicalResourceId"))


@dataclass
class Stack:
    """A stack of tuning jobs by logical id."""

    name: str
    framework: Framework
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
        for _ in range(5):
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
        for _ in range(6):
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
            "ResourceProperties": properties,
        }
        if old is not None:
            event |= {"OldResourceProperties": old.properties, "PhysicalResourceId": old.physical_id}
        if physical_id is not None:
            event["PhysicalResourceId"] = physical_id
        return self.framework.deliver(event)
