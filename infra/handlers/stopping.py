"""Delete, and what a failed update left: the jobs of a resource come to an end, each as it was declared to."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from . import clock
from .declaration import is_job_name, run_names
from .errors import HandlerError
from .events import Event
from .life_cycle import Action, State
from .logs import log
from .runs import Run, run_of, runs_of
from .subject import Subject

STOP_SECONDS: Final = 2400
"""How long a job may take to stop, below the provider's total timeout."""


def end(event: Event, subject: Subject, deadline: float) -> bool:
    """Take the next step towards the end of a deleted resource's job; whether there is none left to take."""
    return _step(_to_delete(event, subject), event, event.properties, subject, deadline)


def abandon(declared: str, keep: str, event: Event, subject: Subject, deadline: float) -> bool:
    """The same for jobs of a declaration whose update never took effect, but for the job called ``keep``."""
    theirs = subject.of(event.old_properties)
    runs = (run for run in runs_of(declared, theirs) if run.name != keep)
    return _step(runs, event, event.old_properties, theirs, deadline)


def abandoned(event: Event, subject: Subject) -> str | None:
    """The declared name of an update that is rolled back and never took effect.

    What CloudFormation takes for the old properties is then not what the physical id stands for, and no Delete will
    come for the job that the update may have started.
    """
    old = subject.declared_name(event.old_properties)
    if event.request_type != "Update" or old is None:
        return None
    if old == subject.declared_name(event.properties) or event.physical_id in list(run_names(old)):
        return None
    return old


def _to_delete(event: Event, subject: Subject) -> Iterator[Run]:
    """The job with the physical id; the declaration's jobs if CloudFormation invented the id."""
    physical_id = event.physical_id
    declared = subject.declared_name(event.properties)
    names = [] if declared is None else list(run_names(declared))
    if physical_id is not None and is_job_name(physical_id):
        run = run_of(physical_id, subject)
        if physical_id in names or (run.job is not None and run.owner.is_exactly(event)):
            yield run
            return
    if names:
        yield from runs_of(names[0], subject)


def _step(runs: Iterator[Run], event: Event, properties: Mapping[str, Any], subject: Subject, deadline: float) -> bool:
    row = subject.delete_row(properties)
    for run in runs:
        state = run.state(ours=run.owner.is_exactly(event))
        action = row[state]
        if state is State.FOREIGN:
            log("left alone", logging.WARNING, job=run.name, owner=str(run.owner))
        if action is Action.LEAVE:
            continue
        if clock.now() >= deadline:
            raise HandlerError(
                f"the {subject.noun} {run.name!r} did not stop within {STOP_SECONDS} s: it is {state.value}"
            )
        _act(action, run.name, subject)
        return False
    return True


def _act(action: Action, name: str, subject: Subject) -> None:
    if action is Action.STOP:
        subject.stop(name)
        log("asked to stop", job=name)
    elif action is Action.DELETE_ENTRY:
        _delete_entry(name, subject)


def _delete_entry(name: str, subject: Subject) -> None:
    try:
        subject.delete(name)
    except ClientError as error:
        # It has just left the state in which it can be deleted: the next look decides anew, within the deadline.
        if not subject.is_busy(error):
            raise
        log("not deleted yet", logging.WARNING, job=name, reason=str(error))
    else:
        log("deleted", job=name)
