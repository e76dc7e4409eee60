"""Update of a resource that has its declaration's job already: tags change, and nothing is ever started."""

from __future__ import annotations

import logging

from .contract import OWNER_DECLARATION_TAG, OWNER_TAGS
from .declaration import changed_members, digest, run_names
from .errors import HandlerError
from .events import Event
from .life_cycle import KEEP, Action
from .logs import log
from .ownership import Owner
from .runs import run_of
from .subject import Subject


def has_its_job(event: Event, subject: Subject) -> bool:
    """Whether the physical id is a job of the declaration: it did not change, or a failed change is rolled back."""
    declared = subject.declared_name(event.properties)
    if declared is None:
        return False
    return event.physical_id in list(run_names(declared)) or subject.declared_name(event.old_properties) == declared


def keep(name: str, event: Event, subject: Subject) -> str | None:
    """Set and remove tags; returns the job's ARN, None if there is none.

    Raises:
        HandlerError: if the job was started by another declaration under the same name.
    """
    run = run_of(name, subject)
    ours = run.owner.is_resource_of(event)
    if run.job is None or KEEP[run.state(ours=ours)] is not Action.TAG:
        log("the job is gone or not ours; its tags are left alone", logging.WARNING, job=name)
        return None
    _check_unchanged(run.owner, event, subject)
    declared, old = subject.tags_of(event.properties), subject.tags_of(event.old_properties)
    if run.owner.declaration is None:
        declared[OWNER_DECLARATION_TAG] = digest(event.properties)
    if declared != old:
        subject.add_tags(run.job.arn, declared)
        subject.delete_tags(run.job.arn, old.keys() - declared.keys() - OWNER_TAGS)
    return run.job.arn


def _check_unchanged(owner: Owner, event: Event, subject: Subject) -> None:
    """The job must be what is declared. It is compared with itself, so that a roll-back finds nothing changed."""
    changed = changed_members(event.properties, event.old_properties)
    same = not changed if owner.declaration is None else owner.declaration == digest(event.properties)
    if not same:
        raise HandlerError(
            f"{', '.join(changed) or 'the declaration'} changed, but the {subject.noun}'s name did not, and "
            f"a {subject.noun.split()[-1]} cannot be changed: something that the declaration refers to is another "
            f"one now; give it another name prefix or revision for a new {subject.noun.split()[-1]}"
        )
