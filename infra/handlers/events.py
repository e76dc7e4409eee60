"""The request that CloudFormation makes about a custom resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .errors import HandlerError
from .shown import shown

PROGRESS: Final = "Progress"
"""Member of an ``on_event`` answer that the framework hands on to ``is_complete``."""

_TYPES: Final = ("Create", "Update", "Delete")
_REQUIRED: Final = ("RequestType", "RequestId", "StackId", "LogicalResourceId")
_PHYSICAL: Final = "PhysicalResourceId"
_PROPERTIES: Final = "ResourceProperties"
_OLD: Final = "OldResourceProperties"
_ARN_PARTS: Final = 6


@dataclass(frozen=True)
class Event:
    """A request, or the waiter's repeated question whether it is complete."""

    request_type: str
    """``Create``, ``Update`` or ``Delete``."""

    request_id: str
    """The same on every retry of a request."""

    stack_id: str
    logical_id: str
    physical_id: str | None
    """What the handler answered before; CloudFormation's invention after a Create that was never answered."""

    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    """What ``on_event`` left for ``is_complete``."""

    resource_type: str = ""
    """Such as ``Custom::PersonalizeSolution``."""

    @staticmethod
    def parse(event: Mapping[str, Any]) -> Event:
        """The event as the provider framework hands it over.

        Raises:
            HandlerError: if it is none.
        """
        missing = [name for name in _REQUIRED if name not in event]
        if missing:
            raise HandlerError(f"this is no request about a custom resource: it has no {', '.join(missing)}")
        wrong = [name for name in (*_REQUIRED, _PHYSICAL) if not isinstance(event.get(name, ""), str)]
        wrong += [name for name in (_PROPERTIES, _OLD, PROGRESS) if not isinstance(event.get(name, {}), Mapping)]
        if wrong or event["RequestType"] not in _TYPES:
            names = ", ".join(wrong) if wrong else f"RequestType {event['RequestType']!r}"
            raise HandlerError(f"this is no request about a custom resource: {names} cannot be read")
        return Event(
            request_type=event["RequestType"],
            request_id=event["RequestId"],
            stack_id=event["StackId"],
            logical_id=event["LogicalResourceId"],
            physical_id=event.get(_PHYSICAL),
            properties=event.get(_PROPERTIES, {}),
            old_properties=event.get(_OLD, {}),
            progress=event.get(PROGRESS, {}),
            resource_type=str(event.get("ResourceType", "")),
        )

    @property
    def stack_name(self) -> str:
        """The stack's name; unique among the stacks that exist in an account and region."""
        return stack_name(self.stack_id)

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in the stack's account and region."""
        parts = self.stack_id.split(":", 5)
        if len(parts) != _ARN_PARTS:
            raise HandlerError(f"StackId must be the ARN of a stack, got {shown(self.stack_id)}")
        _, partition, _, region, account, _ = parts
        return f"arn:{partition}:{service}:{region}:{account}:{resource}"


def stack_name(stack_id: str) -> str:
    """The name in a stack's ARN, ``arn:<partition>:cloudformation:<region>:<account>:stack/<name>/<uuid>``."""
    return stack_id.split("/")[1] if stack_id.count("/") >= 2 else stack_id
