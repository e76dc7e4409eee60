"""A deployment's requests about a subject of the life cycle: started, re-tagged and ended as the table says.

``decide`` names the job before anything is started; ``proceed`` acts, and is asked again until the job is there, or
has ended. So CloudFormation knows a job's name before the job exists, and whatever dies in between, its Delete finds
the job. Both may be called again with the same request at any time.
"""

from __future__ import annotations

from typing import Any, Final

from . import clock, keeping, starting, stopping
from .entry import Answer
from .events import PROGRESS, Event
from .patience import patiently, unless_passing
from .subject import Subject

_START: Final = "Start"
_KEEP: Final = "Keep"
_END: Final = "End"
_ABANDON: Final = "Abandon"
_SINCE: Final = "Since"
# Below the function's timeout of two minutes, with a call's own retries on top.
_PLAN_SECONDS: Final = 60


def decide(event: Event, subject: Subject) -> Answer:
    """Decide what the request needs; answers the physical id, which is the job's name."""
    if event.request_type == "Delete":
        return _planned(event.physical_id, {_END: True})
    abandoned = stopping.abandoned(event, subject)
    more = {} if abandoned is None else {_ABANDON: abandoned}
    if event.request_type == "Update" and keeping.has_its_job(event, subject):
        subject.check_life_cycle(event.properties)
        return _planned(event.physical_id, {_KEEP: event.physical_id, **more})
    declared = starting.check(event, subject)
    name = patiently(lambda: starting.plan(declared, event, subject), seconds=_PLAN_SECONDS)
    return _planned(name, {_START: name, **more})


def proceed(event: Event, subject: Subject) -> Answer:
    """Take the next step of what was decided, and answer whether it was the last."""
    if _START in event.progress:
        return _start(event, event.progress[_START], subject)
    if _KEEP in event.progress:
        return _keep(event, event.progress[_KEEP], subject)
    if _END in event.progress:
        return {"IsComplete": _end(event, subject)}
    return {"IsComplete": True}


def _planned(physical_id: str | None, progress: dict[str, Any]) -> Answer:
    return {"PhysicalResourceId": physical_id, PROGRESS: {**progress, _SINCE: clock.now()}}


def _deadline(event: Event, seconds: float) -> float:
    return float(event.progress[_SINCE]) + seconds


def _end(event: Event, subject: Subject) -> bool:
    deadline = _deadline(event, stopping.STOP_SECONDS)
    return unless_passing(
        lambda: stopping.end(event, subject, deadline), deadline=deadline, bound=stopping.STOP_SECONDS
    )


def _abandon(event: Event, name: str, subject: Subject) -> bool:
    """Whether nothing is left of a failed update that this one rolls back."""
    if _ABANDON not in event.progress:
        return True
    declared, deadline = event.progress[_ABANDON], _deadline(event, stopping.STOP_SECONDS)
    return unless_passing(
        lambda: stopping.abandon(declared, name, event, subject, deadline),
        deadline=deadline,
        bound=stopping.STOP_SECONDS,
    )


def _keep(event: Event, name: str, subject: Subject) -> Answer:
    data: dict[str, str] = {}

    def kept() -> bool:
        data.update(subject.data(name, keeping.keep(name, event, subject), event))
        return True

    deadline = _deadline(event, starting.CREATE_SECONDS)
    done = unless_passing(kept, deadline=deadline, bound=starting.CREATE_SECONDS) and _abandon(event, name, subject)
    return {"IsComplete": True, "Data": data} if done else {"IsComplete": False}


def _start(event: Event, name: str, subject: Subject) -> Answer:
    data: dict[str, str] = {}

    def started() -> bool:
        arn = starting.start(name, _deadline(event, starting.CREATE_SECONDS), event, subject)
        if arn is None or not _completed_if_waited_for(event, name, subject):
            return False
        data.update(subject.data(name, arn, event))
        return True

    bound = subject.wait_seconds if subject.is_waited_for(event.properties) else starting.CREATE_SECONDS
    done = unless_passing(started, deadline=_deadline(event, bound), bound=bound) and _abandon(event, name, subject)
    return {"IsComplete": True, "Data": data} if done else {"IsComplete": False}


def _completed_if_waited_for(event: Event, name: str, subject: Subject) -> bool:
    if not subject.is_waited_for(event.properties) or subject.has_completed(subject.find(name), name):
        return True
    if clock.now() < _deadline(event, subject.wait_seconds):
        return False
    subject.overdue(name, event.properties)
    return True
