"""Create, and update to another declaration: one job of the declaration, started or found again."""

from __future__ import annotations

import logging
from typing import Final

from botocore.exceptions import ClientError, ParamValidationError

from . import clock
from .errors import HandlerError
from .events import Event
from .life_cycle import START, START_RETRIED, Action, State
from .logs import log
from .ownership import owner_tags
from .runs import Run, run_of, runs_of
from .subject import Subject

# How long a new role may take to be known everywhere.
CREATE_SECONDS: Final = 300


def check(event: Event, subject: Subject) -> str:
    """Refuse a bad declaration before there is a physical id; returns the declared name."""
    subject.check(event.properties)
    declared = subject.declared_name(event.properties)
    if declared is None:
        raise HandlerError(f"the declaration has no name that a {subject.noun} can have")
    return declared


def plan(declared: str, event: Event, subject: Subject) -> str:
    """The name of the job that the request is to end with; nothing is started yet."""
    free = None
    for run in runs_of(declared, subject):
        match _action(run, event):
            case Action.CREATE:
                free = run.name if free is None else free
            case Action.ADOPT:
                return run.name
            case Action.REFUSE:
                raise _refusal(run, subject)
            case _:
                log("the job of this name has no result to give; the declaration runs again", job=run.name)
    if free is None:
        raise HandlerError("the declaration was started and stopped too often; change its prefix or its revision")
    subject.check_start(event.properties)
    return free


def start(name: str, deadline: float, event: Event, subject: Subject) -> str | None:
    """Start or adopt the planned job; returns its ARN, None as long as it cannot be started yet."""
    run = run_of(name, subject)
    if run.job is None:
        return _create(name, deadline, event, subject)
    if _action(run, event) is Action.REFUSE:
        raise _refusal(run, subject)
    if run.owner.request_id != event.request_id or run.owner.stack_id != event.stack_id:
        subject.add_tags(run.job.arn, {**subject.tags_of(event.properties), **owner_tags(event)})
        log("adopted", job=name, status=run.job.status)
    return run.job.arn


def _action(run: Run, event: Event) -> Action:
    """What the life cycle's table says."""
    row = START_RETRIED if run.owner.request_id == event.request_id else START
    return row[run.state(ours=run.owner.is_resource_of(event))]


def _refusal(run: Run, subject: Subject) -> HandlerError:
    status = State.ABSENT.value if run.job is None else run.job.status
    return HandlerError(
        f"there is a {subject.noun} {run.name!r} already ({status}, {run.owner}), and names cannot be used twice; "
        "it was not touched: choose another name prefix"
    )


def _create(name: str, deadline: float, event: Event, subject: Subject) -> str | None:
    tags = {**subject.tags_of(event.properties), **owner_tags(event)}
    try:
        arn = subject.create(name, tags, event.properties)
    except ParamValidationError as error:
        raise subject.explained(error, event.properties) from error
    except ClientError as error:
        _wait_or_give_up(error, deadline, event, subject)
        return None
    log("created", job=name)
    return arn


def _wait_or_give_up(error: ClientError, deadline: float, event: Event, subject: Subject) -> None:
    """Return for what passes by waiting, until the deadline; a name that was just taken is looked at again."""
    explained = subject.explained(error, event.properties)
    if not subject.passes_by_waiting(error) and not subject.is_name_taken(error):
        raise explained from error
    if clock.now() >= deadline:
        raise HandlerError(f"{explained} (tried for {CREATE_SECONDS} s)") from error
    log("not created yet", logging.WARNING, reason=str(error))
