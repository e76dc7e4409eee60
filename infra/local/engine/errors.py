"""What can go wrong between the engine and its callers."""

from __future__ import annotations

from infra.local.errors import LocalError


class EngineError(Exception):
    """The base of the engine's own errors."""


class EngineInUseError(EngineError, LocalError):
    """Another engine works on the same state folder."""


class NameInUseError(EngineError):
    """A job of that name exists, ignoring case.

    Args:
        arn: The ARN of the job that has the name.
    """

    def __init__(self, arn: str) -> None:
        super().__init__(f"a job of this name exists: {arn}")
        self.arn = arn


class NoRoomError(EngineError):
    """There is no room on the disk for a file of a job."""


class NoSuchJobError(EngineError):
    """There is no job of that name.

    Args:
        kind: "tuning" or "training".
        name: The name asked for.
    """

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} job {name!r}")
        self.kind = kind
        self.name = name


class WrongStatusError(EngineError):
    """The job's status does not allow this.

    Args:
        status: The status that the job has.
    """

    def __init__(self, status: str) -> None:
        super().__init__(f"the job's status is {status}")
        self.status = status
