"""What a custom resource with a life cycle stands for: tuning jobs, and whatever else lives by the same table.

Something of a service that is started under a name which follows from its declaration, has an end, and carries tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError, ParamValidationError

from .errors import HandlerError
from .events import Event
from .life_cycle import Action, State


@dataclass(frozen=True)
class Job:
    """A tuning job, or another subject, that exists."""

    name: str
    arn: str
    status: str
    """A `State`'s value: ``InProgress``, ``Completed``, ``Failed``, ``Stopping``, ``Stopped``, ``Deleting`` or
    ``DeleteFailed``."""

    failure_reason: str | None = None
    """What the service says of a job that failed."""


class Subject(Protocol):
    """The jobs of one kind, as the service has them, and how they are declared."""

    noun: str
    """What a message calls one of them, such as ``tuning job``."""

    wait_seconds: float
    """How long a declaration that is waited for is waited for."""

    def check(self, properties: Mapping[str, Any]) -> None:
        """Refuse a bad declaration.

        Raises:
            HandlerError: saying what is wrong with it.
        """

    def check_life_cycle(self, properties: Mapping[str, Any]) -> None:
        """Refuse properties that say what becomes of a job, and are none that can be.

        Raises:
            HandlerError: naming the property.
        """

    def check_start(self, properties: Mapping[str, Any]) -> None:
        """Refuse a declaration that does not fit what it is to start from.

        Raises:
            HandlerError: naming each thing that does not fit.
        """

    def declared_name(self, properties: Mapping[str, Any]) -> str | None:
        """The name of a declaration; None if it has none that can be used."""

    def tags_of(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """The declared tags by key."""

    def delete_row(self, properties: Mapping[str, Any]) -> Mapping[State, Action]:
        """The life cycle's row for deleting."""

    def of(self, properties: Mapping[str, Any]) -> Subject:
        """The same for a declaration that may be of another parent."""

    def find(self, name: str) -> Job | None:
        """The job called ``name``; None if there is none."""

    def tags(self, arn: str) -> dict[str, str]:
        """A job's tags."""

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set tags, whether or not they were there."""

    def delete_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags."""

    def create(self, name: str, tags: Mapping[str, str], properties: Mapping[str, Any]) -> str:
        """Start what is declared; returns its ARN, or nothing where the service does not say.

        Raises:
            ClientError: as the service refuses it.
            ParamValidationError: as boto3 does.
        """

    def explained(self, error: ClientError | ParamValidationError, properties: Mapping[str, Any]) -> HandlerError:
        """Why one could not be created, in terms of the declaration."""

    def passes_by_waiting(self, error: ClientError) -> bool:
        """Whether the same creation may succeed within minutes."""

    def is_name_taken(self, error: ClientError) -> bool:
        """Whether there is a job of that name."""

    def is_busy(self, error: ClientError) -> bool:
        """Whether a job cannot be deleted as yet."""

    def stop(self, name: str) -> None:
        """Ask a job to stop. That it stopped, or went away, in the meantime is fine."""

    def delete(self, name: str) -> None:
        """Delete a job's entry. That it is gone already is fine."""

    def is_waited_for(self, properties: Mapping[str, Any]) -> bool:
        """Whether a deployment is to end with the job's end."""

    def has_completed(self, job: Job | None, name: str) -> bool:
        """Whether a job that is waited for has completed.

        Raises:
            HandlerError: if it never will.
        """

    def overdue(self, name: str, properties: Mapping[str, Any]) -> None:
        """What follows when a job that is waited for has not ended in time.

        Raises:
            HandlerError: where that is a failure.
        """

    def data(self, name: str, arn: str | None, event: Event) -> dict[str, str]:
        """The resource's attributes; the ARN is None where there is no job."""
