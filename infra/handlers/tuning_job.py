"""``Custom::HyperParameterTuningJob``: starts, re-tags and ends a tuning job, as ``life_cycle`` says.

``on_event`` decides, and names the job, before anything is started; ``is_complete`` acts, and is asked again until
the job is there, or has ended. So CloudFormation knows a job's name before the job exists, and whatever dies in
between, its Delete finds the job. Both may be called again with the same request at any time.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from . import clients, clock, keeping, starting, stopping
from .contract import DELETION_BEHAVIOR, DELETION_RETAIN, TUNING_JOB_ARN, TUNING_JOB_NAME
from .entry import Answer, entry_point
from .errors import HandlerError
from .events import PROGRESS, Event
from .jobs import TuningJobs
from .life_cycle import check_deletion_behavior
from .logs import log
from .patience import patiently, unless_passing
from .runs import job_arn

_START: Final = "Start"
_KEEP: Final = "Keep"
_END: Final = "End"
_ABANDON: Final = "Abandon"
_SINCE: Final = "Since"
# Below the function's timeout of two minutes, with a call's own retries on top.
_PLAN_SECONDS: Final = 60


@entry_point
def on_event(event: Event) -> Answer:
    """Decide what the request needs; answers the physical id, which is the name of the tuning job."""
    if event.request_type == "Delete":
        return _planned(event.physical_id, {_END: True})
    if event.request_type == "Update" and keeping.has_its_job(event):
        check_deletion_behavior(event.properties)
        return _planned(event.physical_id, {_KEEP: event.physical_id, **_abandoned(event)})
    declared = starting.check(event)
    jobs = TuningJobs(clients.sagemaker())
    name = patiently(lambda: starting.plan(declared, event, jobs), seconds=_PLAN_SECONDS)
    return _planned(name, {_START: name, **_abandoned(event)})


@entry_point
def is_complete(event: Event) -> Answer:
    """Take the next step of what was decided, and answer whether it was the last."""
    jobs = TuningJobs(clients.sagemaker())
    if _START in event.progress:
        return _start(event, event.progress[_START], jobs)
    if _KEEP in event.progress:
        return _keep(event, event.progress[_KEEP], jobs)
    if _END in event.progress:
        return {"IsComplete": _end(event, jobs)}
    return {"IsComplete": True}


def _planned(physical_id: str | None, progress: dict[str, Any]) -> Answer:
    return {"PhysicalResourceId": physical_id, PROGRESS: {**progress, _SINCE: clock.now()}}


def _abandoned(event: Event) -> dict[str, str]:
    declared = stopping.abandoned(event)
    return {} if declared is None else {_ABANDON: declared}


def _deadline(event: Event, seconds: float) -> float:
    return float(event.progress[_SINCE]) + seconds


def _end(event: Event, jobs: TuningJobs) -> bool:
    deadline = _deadline(event, stopping.STOP_SECONDS)
    return unless_passing(lambda: stopping.end(event, jobs, deadline), deadline=deadline, bound=stopping.STOP_SECONDS)


def _abandon(event: Event, name: str, jobs: TuningJobs) -> bool:
    """Whether nothing is left of a failed update that this one rolls back."""
    if _ABANDON not in event.progress:
        return True
    declared, deadline = event.progress[_ABANDON], _deadline(event, stopping.STOP_SECONDS)
    return unless_passing(
        lambda: stopping.abandon(declared, name, event, jobs, deadline),
        deadline=deadline,
        bound=stopping.STOP_SECONDS,
    )


def _keep(event: Event, name: str, jobs: TuningJobs) -> Answer:
    arn: str | None = None

    def kept() -> bool:
        nonlocal arn
        arn = keeping.keep(name, event, jobs)
        return True

    deadline = _deadline(event, starting.CREATE_SECONDS)
    done = unless_passing(kept, deadline=deadline, bound=starting.CREATE_SECONDS) and _abandon(event, name, jobs)
    return _done(name, job_arn(name, event) if arn is None else arn) if done else {"IsComplete": False}


def _start(event: Event, name: str, jobs: TuningJobs) -> Answer:
    arn: str | None = None

    def started() -> bool:
        nonlocal arn
        arn = starting.start(name, _deadline(event, starting.CREATE_SECONDS), event, jobs)
        return arn is not None and _completed_if_waited_for(event, name, jobs)

    waits = starting.is_waited_for(event)
    bound = starting.WAIT_SECONDS if waits else starting.CREATE_SECONDS
    done = unless_passing(started, deadline=_deadline(event, bound), bound=bound) and _abandon(event, name, jobs)
    return _done(name, str(arn)) if done else {"IsComplete": False}


def _completed_if_waited_for(event: Event, name: str, jobs: TuningJobs) -> bool:
    if not starting.is_waited_for(event) or starting.has_completed(jobs.find(name), name):
        return True
    if clock.now() < _deadline(event, starting.WAIT_SECONDS):
        return False
    if event.properties.get(DELETION_BEHAVIOR) != DELETION_RETAIN:
        # The failure is answered by a roll-back, which may know nothing of a job that an update started.
        log("asked to stop", logging.WARNING, job=name)
        jobs.stop(name)
    raise HandlerError(
        f"the tuning job {name!r} did not complete within {starting.WAIT_SECONDS} s, the most that a deployment can "
        "wait: publish its result instead, or lower its limits"
    )


def _done(name: str, arn: str) -> Answer:
    return {"IsComplete": True, "Data": {TUNING_JOB_NAME: name, TUNING_JOB_ARN: arn}}
