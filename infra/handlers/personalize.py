"""``Custom::Personalize…``: resources of Amazon Personalize.

Dataset groups, imports, solutions and their versions live by the table of tuning jobs, with the same code
(`personalize_jobs`, `deploying`). Schemas, which have no tags, and datasets, of which a group has one of each type, are
simply there or not (`personalize_data`).
"""

from __future__ import annotations

from . import clients, deploying, personalize_data
from .entry import Answer, entry_point
from .errors import HandlerError
from .events import Event
from .personalize_api import Personalize
from .personalize_contract import DATASET, DATASET_IMPORT_JOB, KINDS, SCHEMA, SOLUTION_VERSION, Kind
from .personalize_jobs import Imports, PersonalizeJobs, SolutionVersions


@entry_point
def on_event(event: Event) -> Answer:
    """Decide what the request needs; answers the physical id."""
    kind = _kind(event)
    if kind in (SCHEMA, DATASET):
        return personalize_data.decide(event, kind)
    return deploying.decide(event, _jobs(kind, event))


@entry_point
def is_complete(event: Event) -> Answer:
    """Take the next step of what was decided, and answer whether it was the last."""
    kind = _kind(event)
    if kind in (SCHEMA, DATASET):
        return personalize_data.proceed(event, kind, Personalize(clients.personalize()))
    return deploying.proceed(event, _jobs(kind, event))


def _kind(event: Event) -> Kind:
    kind = KINDS.get(event.resource_type)
    if kind is None:
        raise HandlerError(f"the resource type must be one of {', '.join(KINDS)}, got {event.resource_type!r}")
    return kind


def _jobs(kind: Kind, event: Event) -> PersonalizeJobs:
    api = Personalize(clients.personalize())
    if kind is SOLUTION_VERSION:
        return SolutionVersions(api, event)
    return Imports(api, event) if kind is DATASET_IMPORT_JOB else PersonalizeJobs(kind, api, event)
