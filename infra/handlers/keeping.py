"""Update of a resource that has its declaration's job already: tags change, and nothing is ever started."""

from __future__ import annotations

import logging

from .contract import OWNER_DECLARATION_TAG, OWNER_TAGS, TUNING_JOB_NAME
from .declaration import changed_members, declared_name, digest, run_names, tags_of
from .errors import HandlerError
from .events import Event
from .jobs import TuningJobs
from .life_cycle import KEEP, Action
from .logs import log
from .ownership import Owner
from .runs import run_of


def has_its_job(event: Event) -> bool:
    """Whether the physical id is a job of the declaration: it did not change, or a failed change is rolled back."""
    declared = declared_name(event.properties)
    return event.physical_id in list(run_names(declared)) or event.old_properties.get(TUNING_JOB_NAME) == declared


def keep(name: str, event: Event, jobs: TuningJobs) -> str | None:
    """Set and remove tags; returns the job's ARN, None if there is none.

    Raises:
        HandlerError: if the job was started by another declaration under the same name.
    """
    run = run_of(name, jobs)
    ours = run.owner.is_resource_of(event)
    if run.job is None or KEEP[run.state(ours=ours)] is not Action.TAG:
        log("the tuning job is gone or not ours; its tags are left alone", logging.WARNING, job=name)
        return None
    _check_unchanged(run.owner, event)
    declared, old = tags_of(event.properties), tags_of(event.old_properties)
    if run.owner.declaration is None:
        declared[OWNER_DECLARATION_TAG] = digest(event.properties)
    if declared != old:
        jobs.add_tags(run.job.arn, declared)
        jobs.delete_tags(run.job.arn, old.keys() - declared.keys() - OWNER_TAGS)
    return run.job.arn


def _check_unchanged(owner: Owner, event: Event) -> None:
    """The job must be what is declared. It is compared with itself, so that a roll-back finds nothing changed."""
    changed = changed_members(event.properties, event.old_properties)
    same = not changed if owner.declaration is None else owner.declaration == digest(event.properties)
    if not same:
        raise HandlerError(
            f"{', '.join(changed) or 'the declaration'} changed, but the tuning job's name did not, and a job cannot "
            "be changed: something that the declaration refers to is another one now; give it another name prefix or "
            "revision for a new job"
        )
