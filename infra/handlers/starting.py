"""Create, and update to another declaration: one job of the declaration, started or found again."""

from __future__ import annotations

import logging
from typing import Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from . import clock
from .contract import TAGS, TUNING_JOB_NAME, WAIT_FOR, WAIT_FOR_COMPLETED
from .creation import explained, is_name_taken, passes_by_waiting
from .declaration import declared_name, request_of, tags_of
from .errors import HandlerError
from .events import Event
from .jobs import COMPLETED, IN_PROGRESS, Job, TuningJobs
from .life_cycle import START, START_RETRIED, Action, State, check_deletion_behavior
from .logs import log
from .ownership import owner_tags
from .parents import check_parents
from .runs import Run, job_arn, run_of, runs_of

# How long a new role may take to be known everywhere.
CREATE_SECONDS: Final = 300
# How long a declaration that asks for it is waited for: less than the hour that CloudFormation allows.
WAIT_SECONDS: Final = 3300


def check(event: Event) -> str:
    """Refuse a bad declaration before there is a physical id; returns the declared name."""
    declared = declared_name(event.properties)
    check_deletion_behavior(event.properties)
    wait_for = event.properties.get(WAIT_FOR, WAIT_FOR_COMPLETED)
    if wait_for != WAIT_FOR_COMPLETED:
        raise HandlerError(f"{WAIT_FOR} must be {WAIT_FOR_COMPLETED!r} or absent, got {wait_for!r}")
    request_of(event.properties)
    return declared


def plan(declared: str, event: Event, jobs: TuningJobs) -> str:
    """The name of the job that the request is to end with; nothing is started yet."""
    free = None
    for run in runs_of(declared, jobs):
        match _action(run, event):
            case Action.CREATE:
                free = run.name if free is None else free
            case Action.ADOPT:
                return run.name
            case Action.REFUSE:
                raise _refusal(run)
            case _:
                log("the job of this name has no result to give; the declaration runs again", job=run.name)
    if free is None:
        raise HandlerError("the declaration was started and stopped too often; change its prefix or its revision")
    check_parents(request_of(event.properties), jobs)
    return free


def start(name: str, deadline: float, event: Event, jobs: TuningJobs) -> str | None:
    """Start or adopt the planned job; returns its ARN, None as long as it cannot be started yet."""
    run = run_of(name, jobs)
    if run.job is None:
        return _create(name, deadline, event, jobs)
    if _action(run, event) is Action.REFUSE:
        raise _refusal(run)
    if run.owner.request_id != event.request_id or run.owner.stack_id != event.stack_id:
        jobs.add_tags(run.job.arn, {**tags_of(event.properties), **owner_tags(event)})
        log("adopted", job=name, status=run.job.status)
    return run.job.arn


def is_waited_for(event: Event) -> bool:
    """Whether the deployment is to end with the job's end."""
    return event.properties.get(WAIT_FOR) == WAIT_FOR_COMPLETED


def has_completed(job: Job | None, name: str) -> bool:
    """Whether the job has completed.

    Raises:
        HandlerError: if it never will.
    """
    if job is not None and job.status == COMPLETED:
        return True
    if job is not None and job.status == IN_PROGRESS:
        return False
    status = "gone" if job is None else job.status
    reason = "" if job is None or job.failure_reason is None else f": {job.failure_reason}"
    raise HandlerError(f"the tuning job {name!r} did not complete, it is {status}{reason}")


def _action(run: Run, event: Event) -> Action:
    """What the life cycle's table says."""
    row = START_RETRIED if run.owner.request_id == event.request_id else START
    return row[run.state(ours=run.owner.is_resource_of(event))]


def _refusal(run: Run) -> HandlerError:
    status = State.ABSENT.value if run.job is None else run.job.status
    return HandlerError(
        f"there is a tuning job {run.name!r} already ({status}, {run.owner}), and names cannot be used twice; "
        "it was not touched: choose another name prefix"
    )


def _create(name: str, deadline: float, event: Event, jobs: TuningJobs) -> str | None:
    request = request_of(event.properties)
    tags = {**tags_of(event.properties), **owner_tags(event)}
    request[TUNING_JOB_NAME] = name
    request[TAGS] = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    try:
        arn = jobs.create(request)
    except ParamValidationError as error:
        raise explained(error, request) from error
    except ClientError as error:
        _wait_or_give_up(error, deadline, request)
        return None
    log("created", job=name)
    return arn if arn else job_arn(name, event)


def _wait_or_give_up(error: ClientError, deadline: float, request: dict[str, Any]) -> None:
    """Return for what passes by waiting, until the deadline; a name that was just taken is looked at again."""
    waits = passes_by_waiting(error) or is_name_taken(error)
    if not waits:
        raise explained(error, request) from error
    if clock.now() >= deadline:
        raise HandlerError(f"{explained(error, request)} (tried for {CREATE_SECONDS} s)") from error
    log("not created yet", logging.WARNING, reason=str(error))
