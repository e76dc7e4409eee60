"""The two SageMakers that fault schedules run on: the local AWS's own, and one in memory with AWS's other states."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from infra.handlers.declaration import request_of
from infra.handlers.personalize_contract import DATASET_IMPORT_JOB, SOLUTION, SOLUTION_VERSION, Kind
from infra.handlers.personalize_jobs import STATES
from tests.support.fake_aws import FakeSageMaker
from tests.support.fake_personalize import STATUS, FakePersonalize
from tests.support.fault_cases import IMPORT_CASE, SOLUTION_CASE, TUNING_JOB, VERSION_CASE, Case
from tests.support.stepped_sagemaker import Ending, SteppedSageMaker, stepped_sagemaker
from tests.support.tuning_resource import declaration

ENDS: tuple[Ending, ...] = ("Completed", "Failed")
_END_AT_A_POLL = 0.02
_STOPPED_AT_A_POLL = 0.5
_TRAINED_AT_A_POLL = 0.2
_RESTARTED_AT_A_POLL = 0.02


@dataclass(frozen=True)
class Standing:
    """A tuning job as its service has it."""

    status: str
    tags: dict[str, str]

    @property
    def is_foreign(self) -> bool:
        """Whether no stack started it."""
        return not self.tags


class Backend(Protocol):
    """A service in which time passes when it is told to."""

    case: Case
    """What is deployed on it."""

    restarts: bool
    """Whether it has an engine that can be started again in the middle of everything."""

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        ...

    def jobs(self) -> dict[str, Standing]:
        """All tuning jobs by name."""
        ...

    def add_foreign(self, name: str) -> None:
        """Somebody starts a job of that name by hand."""
        ...

    def pass_time(self, chosen: random.Random) -> None:
        """Jobs go on: they stop, end by themselves, go away, as chance has it."""
        ...

    def settle(self) -> None:
        """What is stopping stops, and what is being deleted goes away."""
        ...

    def restart(self) -> None:
        """End the engine and start it again."""
        ...


class Endpoint:
    """The local AWS's SageMaker, behind the endpoint's dispatcher."""

    case = TUNING_JOB
    restarts = True

    def __init__(self, endpoint: SteppedSageMaker) -> None:
        self._endpoint = endpoint
        self.call = endpoint.call
        self.restart = endpoint.restart

    def jobs(self) -> dict[str, Standing]:
        """All tuning jobs by name."""
        return {job.name: Standing(job.status, self._endpoint.tags(job)) for job in self._endpoint.jobs()}

    def add_foreign(self, name: str) -> None:
        """Somebody starts a job of that name by hand."""
        self.call("CreateHyperParameterTuningJob", request_of(declaration(name)))

    def pass_time(self, chosen: random.Random) -> None:
        """Schedulers look at their records, programs end."""
        if chosen.random() < _RESTARTED_AT_A_POLL:
            self.restart()
        for job in self._endpoint.jobs():
            if job.status == "Stopping" and chosen.random() < _STOPPED_AT_A_POLL:
                self._endpoint.step(job)
                self._endpoint.stop_programs(job)
            elif job.status == "InProgress" and self._endpoint.tags(job):
                self._endpoint.step(job)
                if chosen.random() < _END_AT_A_POLL:
                    self._endpoint.finish(job, chosen.choice(ENDS))

    def settle(self) -> None:
        """What is stopping stops."""
        for job in self._endpoint.jobs():
            if job.status == "Stopping":
                self._endpoint.step(job)
                self._endpoint.stop_programs(job)


class InMemory:
    """Jobs whose entries take their time to be deleted, as they do on AWS."""

    case = TUNING_JOB
    restarts = False

    def __init__(self, fake: FakeSageMaker) -> None:
        self._fake = fake
        self.call = fake.call

    def jobs(self) -> dict[str, Standing]:
        """All tuning jobs by name."""
        return {name: Standing(job["status"], job["tags"]) for name, job in self._fake.jobs.items()}

    def add_foreign(self, name: str) -> None:
        """Somebody starts a job of that name by hand."""
        self._fake.add(name, "InProgress", {})

    def pass_time(self, chosen: random.Random) -> None:
        """Statuses change."""
        for name, job in list(self._fake.jobs.items()):
            if job["status"] == "Stopping" and chosen.random() < _STOPPED_AT_A_POLL:
                job["status"] = "Stopped"
            elif job["status"] == "Deleting" and chosen.random() < _STOPPED_AT_A_POLL:
                del self._fake.jobs[name]
            elif job["status"] == "InProgress" and job["tags"] and chosen.random() < _END_AT_A_POLL:
                job["status"] = chosen.choice(ENDS)

    def settle(self) -> None:
        """What is stopping stops, and what is being deleted goes away."""
        for name, job in list(self._fake.jobs.items()):
            if job["status"] == "Stopping":
                job["status"] = "Stopped"
            elif job["status"] == "Deleting":
                del self._fake.jobs[name]

    def restart(self) -> None:
        """There is no engine."""


class PersonalizeInMemory:
    """Solutions, versions or imports of Personalize, none of which can be restarted."""

    restarts = False

    def __init__(self, case: Case, kind: Kind) -> None:
        self.case = case
        self._fake = FakePersonalize(kind)
        self.call = self._fake.call

    def jobs(self) -> dict[str, Standing]:
        """All of them by name."""
        things = self._fake.things.values()
        return {thing.name: Standing(STATES[thing.status].value, thing.tags) for thing in things}

    def add_foreign(self, name: str) -> None:
        """Somebody makes one of that name by hand."""
        self._fake.add(name, "InProgress", {})

    def pass_time(self, chosen: random.Random) -> None:
        """Statuses change; what is created comes to rest, training ends more slowly."""
        ends = _TRAINED_AT_A_POLL if self.case is VERSION_CASE else _STOPPED_AT_A_POLL
        for arn, thing in list(self._fake.things.items()):
            state = STATES[thing.status].value
            if state in ("Stopping", "Deleting") and chosen.random() < _STOPPED_AT_A_POLL:
                self._end(arn)
            elif state == "InProgress" and thing.tags and chosen.random() < ends:
                thing.status = STATUS[chosen.choice([*ENDS[:1] * 3, *ENDS])]

    def settle(self) -> None:
        """What is stopping stops, and what is being deleted goes away."""
        for arn in list(self._fake.things):
            self._end(arn)

    def _end(self, arn: str) -> None:
        state = STATES[self._fake.things[arn].status].value
        if state == "Stopping":
            self._fake.things[arn].status = STATUS["Stopped"]
        elif state == "Deleting":
            del self._fake.things[arn]

    def restart(self) -> None:
        """There is no engine."""


@contextmanager
def solutions() -> Iterator[Backend]:
    """A Personalize with no solution."""
    yield PersonalizeInMemory(SOLUTION_CASE, SOLUTION)


@contextmanager
def solution_versions() -> Iterator[Backend]:
    """A Personalize with one solution that has no version."""
    yield PersonalizeInMemory(VERSION_CASE, SOLUTION_VERSION)


@contextmanager
def dataset_imports() -> Iterator[Backend]:
    """A Personalize with one dataset that was never imported."""
    yield PersonalizeInMemory(IMPORT_CASE, DATASET_IMPORT_JOB)


@contextmanager
def endpoint() -> Iterator[Backend]:
    """The local AWS's SageMaker on a new state folder."""
    with stepped_sagemaker() as made:
        yield Endpoint(made)


@contextmanager
def in_memory() -> Iterator[Backend]:
    """An empty SageMaker in memory."""
    yield InMemory(FakeSageMaker())
