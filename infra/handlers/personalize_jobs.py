"""What of Personalize lives by the same table as tuning jobs: dataset groups, imports, solutions, solution versions.

Each is known by a name that follows from its declaration. A solution version's name is computed here from its solution
and the imports that it is trained on, whose ARNs are known at deployment only.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from .declaration import is_job_name, run_names
from .errors import HandlerError, code_of, is_transient, message_of
from .events import Event
from .life_cycle import DELETE_DELETE, DELETE_RETAIN, DELETE_STOP, Action, State
from .logs import log
from .ownership import owner_tags
from .personalize_api import BUSY, TAKEN, Personalize
from .personalize_contract import (
    ARN,
    DATASET_GROUP,
    DATASET_IMPORT_JOB,
    IMPORTS,
    METRICS,
    SOLUTION,
    SOLUTION_VERSION,
    STATUS,
    TAGS,
    TUNED_HYPER_PARAMETERS,
    VERSION_NAME,
    Kind,
)
from .personalize_request import declared, request_of, tags_of
from .subject import Job

STATES: Final = {
    "CREATE PENDING": State.IN_PROGRESS,
    "CREATE IN_PROGRESS": State.IN_PROGRESS,
    "ACTIVE": State.COMPLETED,
    "CREATE FAILED": State.FAILED,
    "CREATE STOPPING": State.STOPPING,
    "CREATE STOPPED": State.STOPPED,
    "DELETE PENDING": State.DELETING,
    "DELETE IN_PROGRESS": State.DELETING,
}
"""The columns of the life cycle's table, by the service's status."""

_MOST_TRIES: Final = 5
"""Of an import whose role is new; each takes minutes."""

# What the service says of a role, or a bucket's policy, that is not known everywhere yet.
_PROPAGATION: Final = ("assume role", "assumerole", "passed role", "trust policy", "insufficient privileges")


class PersonalizeJobs:
    """Dataset groups, imports or solutions: a `Subject`.

    Args:
        kind: which of them.
        api: the service.
        event: the request, whose stack says the account and region of ARNs.
    """

    wait_seconds = 2400.0
    """Below the provider's total timeout."""

    def __init__(self, kind: Kind, api: Personalize, event: Event) -> None:
        self.noun = _NOUNS[kind.resource_type]
        self._kind, self._api, self._event = kind, api, event

    def check(self, properties: Mapping[str, Any]) -> None:
        """Refuse a bad declaration."""
        request_of(self._kind, properties)

    def check_life_cycle(self, properties: Mapping[str, Any]) -> None:
        """There is nothing to choose."""

    def check_start(self, properties: Mapping[str, Any]) -> None:
        """There is nothing to start from."""

    def declared_name(self, properties: Mapping[str, Any]) -> str | None:
        """The name that the declaration computed at synth."""
        name = properties.get(self._kind.name)
        return name if isinstance(name, str) and is_job_name(name) else None

    def tags_of(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """The declared tags by key."""
        return tags_of(properties)

    def delete_row(self, properties: Mapping[str, Any]) -> Mapping[State, Action]:
        """What can be deleted is; an import has no deletion of its own and goes with its dataset."""
        return DELETE_RETAIN if self._kind.delete is None else DELETE_DELETE

    def of(self, properties: Mapping[str, Any]) -> PersonalizeJobs:
        """The same: names are unique in an account and region."""
        return self

    def find(self, name: str) -> Job | None:
        """What is called ``name``; None if there is nothing."""
        found = self._api.describe(self._kind, self.arn(name))
        return None if found is None else self._job(name, found)

    def arn(self, name: str) -> str:
        """The ARN that follows from a name."""
        return self._event.arn("personalize", f"{self._kind.segment}/{name}")

    def tags(self, arn: str) -> dict[str, str]:
        """Its tags."""
        return self._api.tags(arn)

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set tags, whether or not they were there."""
        self._api.add_tags(arn, tags)

    def delete_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags."""
        self._api.delete_tags(arn, keys)

    def create(self, name: str, tags: Mapping[str, str], properties: Mapping[str, Any]) -> str:
        """Create what is declared; returns its ARN."""
        request = {**request_of(self._kind, properties), self._kind.name: name}
        request[TAGS] = [{"tagKey": key, "tagValue": value} for key, value in sorted(tags.items())]
        return self._api.create(self._kind, request)

    def explained(self, error: ClientError | ParamValidationError, properties: Mapping[str, Any]) -> HandlerError:
        """The error with the operation that met it."""
        return explained(self._kind, error)

    def passes_by_waiting(self, error: ClientError) -> bool:
        """Whether the same creation may succeed within minutes."""
        return passes_by_waiting(error)

    def is_name_taken(self, error: ClientError) -> bool:
        """Whether there is one of that name."""
        return code_of(error) == TAKEN

    def is_busy(self, error: ClientError) -> bool:
        """Whether something else has to go first."""
        return code_of(error) == BUSY

    def stop(self, name: str) -> None:
        """Nothing: what is being created comes to rest within seconds."""

    def delete(self, name: str) -> None:
        """Delete it; a solution's versions stop before, and a campaign keeps it.

        Raises:
            HandlerError: naming the campaign.
        """
        arn = self.arn(name)
        if self._kind is SOLUTION:
            self._release(arn)
        self._api.delete(self._kind, arn)

    def is_waited_for(self, properties: Mapping[str, Any]) -> bool:
        """Always: whatever refers to it needs it."""
        return True

    def has_completed(self, job: Job | None, name: str) -> bool:
        """Whether it can be used."""
        if job is None:
            raise HandlerError(f"the {self.noun} {name!r} is gone")
        if job.status == State.COMPLETED.value:
            return True
        if job.status == State.IN_PROGRESS.value:
            return False
        reason = "no reason given" if job.failure_reason is None else job.failure_reason
        status = next(status for status, state in STATES.items() if state.value == job.status)
        raise HandlerError(f"the {self.noun} {name!r} is in status {status}: {reason}")

    def overdue(self, name: str, properties: Mapping[str, Any]) -> None:
        """Fail."""
        raise HandlerError(f"the {self.noun} {name!r} did not become ACTIVE within {self.wait_seconds:g} s")

    def data(self, name: str, arn: str | None, event: Event) -> dict[str, str]:
        """ARN and status."""
        there = self.arn(name) if arn is None else arn
        found = self._api.describe(self._kind, there)
        return {ARN: there, STATUS: "" if found is None else str(found["status"])}

    def _job(self, name: str, found: Mapping[str, Any]) -> Job:
        state = STATES.get(found["status"], State.IN_PROGRESS)
        return Job(name, found[self._kind.arn], state.value, found.get("failureReason"))

    def _release(self, solution: str) -> None:
        campaigns = self._api.campaigns(solution)
        if campaigns:
            raise HandlerError(f"{solution} has the campaign {campaigns[0]}: delete it first")
        for arn, status in self._api.versions(solution):
            if STATES.get(status) is State.IN_PROGRESS:
                self._api.stop_version(arn)
                log("asked to stop", arn=arn)


class Imports(PersonalizeJobs):
    """Dataset import jobs. One that failed for rights that were not known everywhere yet is followed by another.

    Args:
        api: the service.
        event: the request.
    """

    def __init__(self, api: Personalize, event: Event) -> None:
        super().__init__(DATASET_IMPORT_JOB, api, event)

    def find(self, name: str) -> Job | None:
        """The last of the tries that began under ``name``."""
        tries = self._tries(name)
        return tries[-1] if tries else None

    def has_completed(self, job: Job | None, name: str) -> bool:
        """Whether the data are there; tries again where the role was not."""
        tries = self._tries(name)
        if len(tries) < _MOST_TRIES and tries and _lacked_rights(tries[-1]):
            again = next(itertools.islice(run_names(name), len(tries), None))
            log("the role was not known yet: imported again", logging.WARNING, job=again)
            tags = {**tags_of(self._event.properties), **owner_tags(self._event)}
            self.create(again, tags, self._event.properties)
            return False
        return super().has_completed(job, name)

    def _tries(self, name: str) -> list[Job]:
        found: list[Job] = []
        for each in itertools.islice(run_names(name), _MOST_TRIES):
            job = super().find(each)
            if job is None:
                break
            found.append(job)
            if not _lacked_rights(job):
                break
        return found


def _lacked_rights(job: Job) -> bool:
    return job.status == State.FAILED.value and is_propagation(str(job.failure_reason))


class SolutionVersions(PersonalizeJobs):
    """The versions of a solution, by name.

    Args:
        api: the service.
        event: the request.
        properties: with the solution. Default: None, those of the request.
    """

    def __init__(self, api: Personalize, event: Event, properties: Mapping[str, Any] | None = None) -> None:
        super().__init__(SOLUTION_VERSION, api, event)
        self._solution = str((event.properties if properties is None else properties).get("solutionArn"))

    def check(self, properties: Mapping[str, Any]) -> None:
        """Refuse a bad declaration."""
        request_of(SOLUTION_VERSION, properties)
        if "solutionArn" not in properties:
            raise HandlerError("solutionArn must be given")

    def declared_name(self, properties: Mapping[str, Any]) -> str | None:
        """A name that follows from what is trained on what."""
        if "solutionArn" not in properties:
            return None
        imports = properties.get(IMPORTS, [])
        content = json.dumps([declared(properties), imports], sort_keys=True)
        return f"version-{hashlib.sha256(content.encode()).hexdigest()[:10]}"

    def delete_row(self, properties: Mapping[str, Any]) -> Mapping[State, Action]:
        """A version stops; its solution's deletion takes it along."""
        return DELETE_STOP

    def of(self, properties: Mapping[str, Any]) -> SolutionVersions:
        """The versions of another declaration's solution."""
        return SolutionVersions(self._api, self._event, properties)

    def find(self, name: str) -> Job | None:
        """The version called ``name``."""
        found = self._api.version(self._solution, name)
        return None if found is None else self._job(name, found)

    def stop(self, name: str) -> None:
        """Ask its training to stop. That it ended in the meantime is fine."""
        job = self.find(name)
        if job is not None and job.status == State.IN_PROGRESS.value:
            self._api.stop_version(job.arn)

    def has_completed(self, job: Job | None, name: str) -> bool:
        """Whether its training has ended with a model, or was stopped by somebody."""
        return (job is not None and job.status == State.STOPPED.value) or super().has_completed(job, name)

    def overdue(self, name: str, properties: Mapping[str, Any]) -> None:
        """Let it train on: its status says so, and its result can be published."""
        log("training goes on after the deployment", job=name)

    def data(self, name: str, arn: str | None, event: Event) -> dict[str, str]:
        """ARN, status, tuned hyperparameters and metrics."""
        found = self._api.version(self._solution, name)
        status = "" if found is None else str(found["status"])
        arn = "" if found is None else str(found["solutionVersionArn"])
        metrics = self._api.metrics(arn) if status == "ACTIVE" else {}
        return {
            ARN: arn,
            VERSION_NAME: name,
            STATUS: status,
            TUNED_HYPER_PARAMETERS: json.dumps(tuned_of({} if found is None else found), sort_keys=True),
            METRICS: json.dumps(metrics, sort_keys=True),
        }


def tuned_of(version: Mapping[str, Any]) -> dict[str, str]:
    """The hyperparameters that optimization has chosen for a described version; none while it trains."""
    tuned: dict[str, str] = version.get("tunedHPOParams", {}).get("algorithmHyperParameters", {})
    return tuned


def explained(kind: Kind, error: ClientError | ParamValidationError) -> HandlerError:
    """Why something could not be created."""
    if isinstance(error, ParamValidationError):
        return HandlerError(f"the declaration does not fit {kind.create}: {error.kwargs['report']}")
    return HandlerError(f"{kind.create} was refused with {code_of(error)}: {message_of(error)}")


def passes_by_waiting(error: ClientError) -> bool:
    """Whether the same creation may succeed within minutes: what passes anyway, and a role that is new."""
    return is_transient(error) or (code_of(error) == "InvalidInputException" and is_propagation(message_of(error)))


def is_propagation(message: str) -> bool:
    """Whether a message is about rights that are not known everywhere yet."""
    return any(text in message.lower() for text in _PROPAGATION)


_NOUNS: Final = {
    DATASET_GROUP.resource_type: "dataset group",
    DATASET_IMPORT_JOB.resource_type: "dataset import job",
    SOLUTION.resource_type: "solution",
    SOLUTION_VERSION.resource_type: "solution version",
}
