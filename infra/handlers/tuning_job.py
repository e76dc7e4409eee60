"""``Custom::HyperParameterTuningJob``: starts, re-tags and stops a tuning job, and waits for no result.

``on_event`` decides, and names the job, before anything is started; ``is_complete`` acts, and is asked again until
the job is there or has stopped. So CloudFormation knows a job's name before the job exists, and whatever dies in
between, its Delete finds the job. Both may be called again with the same request at any time.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from . import clients
from .contract import OWNER_TAGS, TAGS, TUNING_JOB_ARN, TUNING_JOB_NAME
from .creation import explained, is_name_taken, passes_by_waiting
from .declaration import changed_members, declared_name, is_job_name, request_of, run_names, tags_of
from .entry import Answer, entry_point
from .errors import HandlerError, is_transient
from .events import PROGRESS, Event
from .jobs import COMPLETED, IN_PROGRESS, Job, TuningJobs
from .logs import log
from .ownership import Owner, owner_tags

_START: Final = "Start"
_STOP: Final = "Stop"
_DEADLINE: Final = "Deadline"
# How long a new role may take to be known everywhere, and a job to stop (below the provider's total timeout).
_CREATE_SECONDS: Final = 300
_STOP_SECONDS: Final = 2400


@entry_point
def on_event(event: Event) -> Answer:
    """Decide what the request needs; answers the physical id, which is the name of the tuning job."""
    jobs = TuningJobs(clients.sagemaker())
    if event.request_type == "Delete":
        return _plan_stop(event, jobs)
    if event.request_type == "Update" and declared_name(event.old_properties) == declared_name(event.properties):
        return _update_in_place(event, jobs)
    return _plan_start(event, jobs)


@entry_point
def is_complete(event: Event) -> Answer:
    """Do what was decided, and answer whether it is done."""
    jobs = TuningJobs(clients.sagemaker())
    if _START in event.progress:
        return _start(event, event.progress[_START], jobs)
    if _STOP in event.progress:
        return _stop(event, event.progress[_STOP], jobs)
    return {"IsComplete": True}


def _plan_start(event: Event, jobs: TuningJobs) -> Answer:
    declared = declared_name(event.properties)
    request_of(event.properties)  # refuse a bad declaration before there is a physical id
    name = _free_or_own_name(declared, event, jobs)
    return {"PhysicalResourceId": name, PROGRESS: {_START: name, _DEADLINE: time.time() + _CREATE_SECONDS}}


def _free_or_own_name(declared: str, event: Event, jobs: TuningJobs) -> str:
    """The first name for the declaration that is free, or whose job is this resource's and needs no new run."""
    for name in run_names(declared):
        job = jobs.find(name)
        if job is None:
            return name
        owner = _owner(job, event, jobs)
        if job.status in (IN_PROGRESS, COMPLETED) or owner.request_id == event.request_id:
            return name
        log("the job of this name ended without a result; the declaration runs again", job=name, status=job.status)
    raise HandlerError("the declaration was started and stopped too often; change its prefix or its revision")


def _owner(job: Job, event: Event, jobs: TuningJobs) -> Owner:
    """The owner of the job, which must be the event's resource."""
    owner = Owner.of(jobs.tags(job.arn))
    if not owner.is_resource_of(event):
        raise HandlerError(
            f"there is a tuning job {job.name!r} already ({job.status}, {owner}), and names cannot be used twice; "
            "it was not touched: choose another name prefix"
        )
    return owner


def _start(event: Event, name: str, jobs: TuningJobs) -> Answer:
    job = jobs.find(name)
    if job is not None:
        _adopt(job, event, jobs)
        return _started(job.name, job.arn)
    request = request_of(event.properties)
    tags = {**tags_of(event.properties), **owner_tags(event)}
    request[TUNING_JOB_NAME] = name
    request[TAGS] = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    try:
        arn = jobs.create(request)
    except ParamValidationError as error:
        raise explained(error, request) from error
    except ClientError as error:
        return _wait_or_give_up(error, event, request)
    log("created", job=name)
    return _started(name, arn)


def _wait_or_give_up(error: ClientError, event: Event, request: dict[str, Any]) -> Answer:
    """Ask again for what passes by waiting, until the deadline; a name that was just taken is looked at again."""
    waits = passes_by_waiting(error) or is_name_taken(error)
    if waits and time.time() < event.progress[_DEADLINE]:
        log("not created yet", logging.WARNING, reason=str(error))
        return {"IsComplete": False}
    if waits:
        raise HandlerError(f"{explained(error, request)} (tried for {_CREATE_SECONDS} s)") from error
    raise explained(error, request) from error


def _adopt(job: Job, event: Event, jobs: TuningJobs) -> None:
    owner = _owner(job, event, jobs)
    if owner.stack_id != event.stack_id:
        tags = owner_tags(event)
        jobs.add_tags(job.arn, tags)
    log("adopted", job=job.name, status=job.status)


def _started(name: str, arn: str) -> Answer:
    return {"IsComplete": True, "Data": {TUNING_JOB_NAME: name, TUNING_JOB_ARN: arn}}


def _update_in_place(event: Event, jobs: TuningJobs) -> Answer:
    """Set and remove tags; nothing else of a tuning job can change, and nothing is started."""
    changed = changed_members(event.properties, event.old_properties)
    if changed:
        raise HandlerError(
            f"{', '.join(changed)} changed, but the tuning job's name did not, and a job cannot be changed: something "
            "that the declaration refers to is another one now; give it another name prefix for a new job"
        )
    name = str(event.physical_id)
    arn = event.arn("sagemaker", f"hyper-parameter-tuning-job/{name.lower()}")
    job = jobs.find(name)
    if job is None:
        log("the tuning job is gone; its tags cannot change", logging.WARNING, job=name)
    else:
        arn = job.arn
        _owner(job, event, jobs)
        tags, old = tags_of(event.properties), tags_of(event.old_properties)
        if tags != old:
            jobs.add_tags(arn, tags)
            jobs.delete_tags(arn, old.keys() - tags.keys() - OWNER_TAGS)
    return {"PhysicalResourceId": name, "Data": {TUNING_JOB_NAME: name, TUNING_JOB_ARN: arn}}


def _plan_stop(event: Event, jobs: TuningJobs) -> Answer:
    job = _job_to_stop(event, jobs)
    if job is None:
        return {"PhysicalResourceId": event.physical_id}
    return {
        "PhysicalResourceId": event.physical_id,
        PROGRESS: {_STOP: job.name, _DEADLINE: time.time() + _STOP_SECONDS},
    }


def _job_to_stop(event: Event, jobs: TuningJobs) -> Job | None:
    """The live job of the resource: by the physical id, or by the declaration if CloudFormation invented the id."""
    physical_id = event.physical_id
    if physical_id is not None and is_job_name(physical_id):
        job = jobs.find(physical_id)
        if job is not None:
            return job if _is_ours_and_live(job, event, jobs) else None
    declared = event.properties.get(TUNING_JOB_NAME)
    if not isinstance(declared, str) or not is_job_name(declared):
        return None
    for name in run_names(declared):
        job = jobs.find(name)
        if job is None:
            break
        if _is_ours_and_live(job, event, jobs):
            return job
    return None


def _is_ours_and_live(job: Job, event: Event, jobs: TuningJobs) -> bool:
    owner = Owner.of(jobs.tags(job.arn))
    if not owner.is_resource_of(event):
        log("left alone", logging.WARNING, job=job.name, owner=str(owner))
        return False
    return job.is_live


def _stop(event: Event, name: str, jobs: TuningJobs) -> Answer:
    job = jobs.find(name)
    if job is None or not job.is_live:
        return {"IsComplete": True}
    if time.time() >= event.progress[_DEADLINE]:
        raise HandlerError(f"the tuning job {name!r} did not stop within {_STOP_SECONDS} s: it is {job.status}")
    if job.status == IN_PROGRESS:
        try:
            jobs.stop(name)
        except ClientError as error:
            if not is_transient(error):
                raise
            log("not stopped yet", logging.WARNING, reason=str(error))
    return {"IsComplete": False}
