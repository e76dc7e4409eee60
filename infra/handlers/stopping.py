"""Delete, and what a failed update left: the jobs of a resource come to an end, each as it was declared to."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from . import clock
from .contract import TUNING_JOB_NAME
from .declaration import is_job_name, run_names
from .errors import HandlerError
from .events import Event
from .jobs import TuningJobs
from .life_cycle import Action, State, delete_row
from .logs import log
from .runs import Run, run_of, runs_of

STOP_SECONDS: Final = 2400
"""How long a job may take to stop, below the provider's total timeout."""


def end(event: Event, jobs: TuningJobs, deadline: float) -> bool:
    """Take the next step towards the end of a deleted resource's job; whether there is none left to take."""
    return _step(_to_delete(event, jobs), event, event.properties, jobs, deadline)


def abandon(declared: str, keep: str, event: Event, jobs: TuningJobs, deadline: float) -> bool:
    """The same for jobs of a declaration whose update never took effect, but for the job called ``keep``."""
    runs = (run for run in runs_of(declared, jobs) if run.name != keep)
    return _step(runs, event, event.old_properties, jobs, deadline)


def abandoned(event: Event) -> str | None:
    """The declared name of an update that is rolled back and never took effect.

    What CloudFormation takes for the old properties is then not what the physical id stands for, and no Delete will
    come for the job that the update may have started.
    """
    old = event.old_properties.get(TUNING_JOB_NAME)
    if event.request_type != "Update" or not isinstance(old, str) or not is_job_name(old):
        return None
    if old == event.properties.get(TUNING_JOB_NAME) or event.physical_id in list(run_names(old)):
        return None
    return old


def _to_delete(event: Event, jobs: TuningJobs) -> Iterator[Run]:
    """The job with the physical id; the declaration's jobs if CloudFormation invented the id."""
    physical_id = event.physical_id
    declared = event.properties.get(TUNING_JOB_NAME)
    names = list(run_names(declared)) if isinstance(declared, str) and is_job_name(declared) else []
    if physical_id is not None and is_job_name(physical_id):
        run = run_of(physical_id, jobs)
        if physical_id in names or (run.job is not None and run.owner.is_exactly(event)):
            yield run
            return
    if names:
        yield from runs_of(names[0], jobs)


def _step(runs: Iterator[Run], event: Event, properties: Mapping[str, Any], jobs: TuningJobs, deadline: float) -> bool:
    row = delete_row(properties)
    for run in runs:
        state = run.state(ours=run.owner.is_exactly(event))
        action = row[state]
        if state is State.FOREIGN:
            log("left alone", logging.WARNING, job=run.name, owner=str(run.owner))
        if action is Action.LEAVE:
            continue
        if clock.now() >= deadline:
            raise HandlerError(f"the tuning job {run.name!r} did not stop within {STOP_SECONDS} s: it is {state.value}")
        _act(action, run.name, jobs)
        return False
    return True


def _act(action: Action, name: str, jobs: TuningJobs) -> None:
    if action is Action.STOP:
        jobs.stop(name)
        log("asked to stop", job=name)
    elif action is Action.DELETE_ENTRY:
        _delete_entry(name, jobs)


def _delete_entry(name: str, jobs: TuningJobs) -> None:
    try:
        jobs.delete(name)
    except ClientError as error:
        # It has just left the state in which it can be deleted: the next look decides anew, within the deadline.
        if error.response.get("Error", {}).get("Code") not in ("ResourceInUse", "ValidationException"):
            raise
        log("not deleted yet", logging.WARNING, job=name, reason=str(error))
    else:
        log("deleted", job=name)
