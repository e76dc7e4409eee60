"""Whose a tuning job is: tags with the stack, the resource and the request that started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .contract import OWNER_DECLARATION_TAG, OWNER_LOGICAL_ID_TAG, OWNER_REQUEST_TAG, OWNER_STACK_TAG
from .declaration import digest
from .events import Event, stack_name


@dataclass(frozen=True)
class Owner:
    """The resource that a job belongs to; all None for a job that was started in another way."""

    stack_id: str | None
    logical_id: str | None
    request_id: str | None
    declaration: str | None = None
    """Digest of what was declared."""

    @staticmethod
    def of(tags: Mapping[str, str]) -> Owner:
        """The owner that a job's tags name."""
        return Owner(
            tags.get(OWNER_STACK_TAG),
            tags.get(OWNER_LOGICAL_ID_TAG),
            tags.get(OWNER_REQUEST_TAG),
            tags.get(OWNER_DECLARATION_TAG),
        )

    def is_resource_of(self, event: Event) -> bool:
        """Whether the job belongs to the event's resource.

        Stacks are compared by name: a stack that was removed and deployed again is the owner of what its predecessor
        left, since no two stacks of one name exist at a time.
        """
        if self.stack_id is None:
            return False
        return self.logical_id == event.logical_id and stack_name(self.stack_id) == event.stack_name

    def is_exactly(self, event: Event) -> bool:
        """Whether the job belongs to the event's resource in this very stack, as every adopted job does.

        Only such a job may be stopped: one that a stack of the same name left by choice has another stack id.
        """
        return self.logical_id == event.logical_id and self.stack_id == event.stack_id

    def __str__(self) -> str:
        if self.stack_id is None:
            return "not started by a stack of this library"
        return f"belongs to {self.logical_id} in stack {stack_name(self.stack_id)}"


def owner_tags(event: Event) -> dict[str, str]:
    """The tags of a job that ``event`` starts or adopts."""
    return {
        OWNER_STACK_TAG: event.stack_id,
        OWNER_LOGICAL_ID_TAG: event.logical_id,
        OWNER_REQUEST_TAG: event.request_id,
        OWNER_DECLARATION_TAG: digest(event.properties),
    }
