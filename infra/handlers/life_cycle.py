"""What a handler does about a tuning job: for each event a row, for each state of the job a column.

This is the table of ``docs/life-cycle.md``; a test compares the two and walks every cell.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from .contract import DELETION_BEHAVIOR, DELETION_DELETE, DELETION_RETAIN, DELETION_STOP
from .errors import HandlerError
from .shown import shown


class State(Enum):
    """What stands under a tuning job's name, seen from one resource of one stack."""

    ABSENT = "absent"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    DELETING = "Deleting"
    DELETE_FAILED = "DeleteFailed"
    FOREIGN = "somebody else's"


class Action(Enum):
    """What a handler does about it."""

    CREATE = "create"
    """Start the declared job under this name."""

    ADOPT = "adopt"
    """Take the job as this request's result, and tag it so."""

    RUN_AGAIN = "run again"
    """Leave it, and look at the declaration's next name."""

    REFUSE = "refuse"
    """Fail, and touch nothing."""

    TAG = "tag"
    """Set and remove the declared tags."""

    STOP = "stop"
    """Ask it to stop, and look again."""

    WAIT = "wait"
    """Look again."""

    DELETE_ENTRY = "delete entry"
    """Delete the job's entry, and look again."""

    LEAVE = "leave"
    """Touch nothing, and answer success."""


_S, _A = State, Action

# Each row in the order of the states: absent, InProgress, Completed, Failed, Stopping, Stopped, Deleting,
# DeleteFailed, somebody else's.
_Row = tuple[Action, Action, Action, Action, Action, Action, Action, Action, Action]


def _row(*actions: Action) -> Mapping[State, Action]:
    return dict(zip(State, actions, strict=True))


_AGAIN = _A.RUN_AGAIN
START: Final = _row(_A.CREATE, _A.ADOPT, _A.ADOPT, _AGAIN, _AGAIN, _AGAIN, _AGAIN, _AGAIN, _A.REFUSE)
"""A request wants a job of a declaration, and another request, or none, started the one that is there."""

START_RETRIED: Final = _row(_A.CREATE, *[_A.ADOPT] * 7, _A.REFUSE)
"""The same, where this very request started or adopted the job before."""

KEEP: Final = _row(_A.LEAVE, *[_A.TAG] * 7, _A.LEAVE)
"""An update whose declaration is the one of the job that the resource has: nothing starts, whatever became of it."""

DELETE_STOP: Final = _row(_A.LEAVE, _A.STOP, _A.LEAVE, _A.LEAVE, _A.WAIT, _A.LEAVE, _A.LEAVE, _A.LEAVE, _A.LEAVE)
DELETE_RETAIN: Final = _row(*[_A.LEAVE] * 9)
DELETE_DELETE: Final = _row(
    _A.LEAVE, _A.STOP, *[_A.DELETE_ENTRY] * 2, _A.WAIT, _A.DELETE_ENTRY, _A.WAIT, _A.DELETE_ENTRY, _A.LEAVE
)

_DELETES: Final = {DELETION_STOP: DELETE_STOP, DELETION_RETAIN: DELETE_RETAIN, DELETION_DELETE: DELETE_DELETE}


def delete_row(properties: Mapping[str, object]) -> Mapping[State, Action]:
    """The row for deleting a resource with these properties.

    A choice that is none stops the job: a delete must not fail for what an earlier deployment would have refused.
    """
    return _DELETES.get(str(properties.get(DELETION_BEHAVIOR, DELETION_STOP)), DELETE_STOP)


def check_deletion_behavior(properties: Mapping[str, object]) -> None:
    """Refuse a choice that is none.

    Raises:
        HandlerError: naming the property.
    """
    behavior = properties.get(DELETION_BEHAVIOR, DELETION_STOP)
    if str(behavior) not in _DELETES:
        raise HandlerError(f"{DELETION_BEHAVIOR} must be one of {', '.join(sorted(_DELETES))}, got {shown(behavior)}")
