"""Seeded schedules of deployments and faults on the tuning job's handler, and the invariant that they must leave."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from infra.handlers import clients, clock
from infra.handlers.declaration import digest
from infra.handlers.logs import LOGGER
from tests.support.cloudformation import Framework, Killed, Stack
from tests.support.fake_aws import FakeSageMaker, Refusal, client
from tests.support.tuning_resource import declaration

URL = "https://api.sagemaker.example"
LOGICAL_IDS = ("First", "Second")
LIVE = ("InProgress", "Stopping")
MOST_KILLS = 2
FAULTS = ("throttled", "server error", "no connection", "connection lost after the effect", "killed", "killed after")
ROLE_MISSING = Refusal("ValidationException", "Could not assume role arn:aws:iam::111122223333:role/Training")


@dataclass
class FaultyCalls:
    """SageMaker behind a bad network, called by functions that may die at any call."""

    fake: FakeSageMaker
    random: random.Random
    rate: float
    seen: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    storm: int = 0
    """How many of the next calls are throttled."""

    kills: int = 0
    on: bool = True

    def __call__(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        fault = self._next() if self.on else None
        if fault is not None:
            self.seen[fault] += 1
        if fault == "throttled":
            raise Refusal("ThrottlingException", "Rate exceeded")
        if fault == "server error":
            raise Refusal("InternalFailure", "try again", 500)
        if fault == "no connection":
            raise EndpointConnectionError(endpoint_url=URL)
        if fault == "killed":
            raise Killed("killed before a call")
        answer = self.fake.call(operation, request)
        if fault == "killed after":
            raise Killed("killed after a call")
        if fault == "connection lost after the effect":
            raise ConnectionClosedError(endpoint_url=URL)
        return answer

    def _next(self) -> str | None:
        if self.storm > 0:
            self.storm -= 1
            return "throttled"
        if self.random.random() >= self.rate:
            return None
        fault = self.random.choice(FAULTS)
        if fault.startswith("killed"):
            if self.kills >= MOST_KILLS:
                return None
            self.kills += 1
        if fault == "throttled" and self.random.random() < 0.2:
            self.storm = self.random.randint(1, 40)
        return fault


class DirectClient:
    """The methods of a boto3 client without its cost: hundreds of schedules make many thousand calls."""

    def __init__(self, call: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        self._call = call

    def __getattr__(self, method: str) -> Callable[..., Any]:
        operation = "".join(word.title() for word in method.split("_"))

        def call(**request: Any) -> dict[str, Any]:
            try:
                return self._call(operation, request)
            except Refusal as refusal:
                error: Any = {
                    "Error": {"Code": refusal.code, "Message": refusal.message},
                    "ResponseMetadata": {"HTTPStatusCode": refusal.status},
                }
                raise ClientError(error, operation) from None

        return call

    def get_paginator(self, method: str) -> Any:
        def paginate(**request: Any) -> Iterator[dict[str, Any]]:
            page = getattr(self, method)(**request)
            yield page
            while "NextToken" in page:
                page = getattr(self, method)(**request, NextToken=page["NextToken"])
                yield page

        return SimpleNamespace(paginate=paginate)


@dataclass
class World:
    """Everything of one schedule."""

    random: random.Random
    sagemaker: FakeSageMaker
    faults: FaultyCalls
    stack: Stack
    now: float = 1000.0
    retained: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)

    def poll(self) -> None:
        """Time passes: jobs stop, go away, or end by themselves."""
        self.now += 5
        for name, job in list(self.sagemaker.jobs.items()):
            if job["status"] == "Stopping" and self.random.random() < 0.5:
                job["status"] = "Stopped"
            elif job["status"] == "Deleting" and self.random.random() < 0.5:
                del self.sagemaker.jobs[name]
            elif job["status"] == "InProgress" and not job.get("foreign") and self.random.random() < 0.02:
                job["status"] = self.random.choice(["Completed", "Failed"])

    def live(self) -> dict[str, dict[str, Any]]:
        """Jobs that may be running training jobs."""
        return {name: job for name, job in self.sagemaker.jobs.items() if job["status"] in LIVE}

    def check(self) -> None:
        """Every live job is one resource's, or was retained by choice; no declaration has two."""
        ours = {name: job for name, job in self.live().items() if not job.get("foreign")}
        held = [resource.physical_id for resource in self.stack.resources.values()]
        assert len(set(held)) == len(held), held
        digests = {name: job["tags"]["tuning-as-code:declaration"] for name, job in ours.items()}
        lost = [name for name, declared in digests.items() if name not in held and declared not in self.retained]
        assert not lost, f"belongs to nothing: {lost}"
        assert len(set(digests.values())) == len(digests), f"two jobs of one declaration: {digests}"
        assert all(job["status"] == "InProgress" for job in self.sagemaker.jobs.values() if job.get("foreign"))


def run(seed: int) -> tuple[int, Counter[str]]:
    """Run one schedule and check what it leaves; the number of requests, and of faults by kind."""
    with world(seed) as here:
        here.faults.on = here.random.random() < 0.5  # else the first deployment succeeds, and updates are in danger
        for _ in range(here.random.randint(2, 4)):
            _step(here)
            here.faults.on = here.random.random() < 0.8
        here.faults.on = False
        here.stack.framework.lost_answers = 0
        _settle(here)
        here.check()
        for logical_id, resource in here.stack.resources.items():
            assert resource.physical_id in here.sagemaker.jobs, (logical_id, resource.physical_id)
        assert here.stack.delete(), "the stack is stuck"
        _settle(here)
        here.check()
        assert here.stack.framework.answers.count(1) + here.stack.framework.answers.count(0) == (
            here.stack.framework.requests
        )
        return here.stack.framework.requests, here.faults.seen


@contextmanager
def world(seed: int) -> Iterator[World]:
    """A world of its own for a seed, in the place of AWS and of time."""
    chosen = random.Random(seed)
    fake = FakeSageMaker()
    faults = FaultyCalls(fake, chosen, rate=chosen.choice([0.0, 0.02, 0.1, 0.3]))
    framework = Framework(chosen, poll=lambda: None)
    here = World(chosen, fake, faults, Stack("Tuning", framework))
    framework.poll = here.poll
    # One in ten goes through the real client: requests checked by botocore's model, answers parsed from the wire.
    made = client("sagemaker", faults) if seed % 10 == 0 else DirectClient(faults)

    def sleep(seconds: float) -> None:
        here.now += seconds

    replaced: list[tuple[Any, str, Callable[..., Any]]] = [
        (clients, "sagemaker", lambda: made),
        (clock, "now", lambda: here.now),
        (clock, "sleep", sleep),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in replaced]
    level = LOGGER.level
    LOGGER.setLevel(100)
    for module, name, stand_in in replaced:
        setattr(module, name, stand_in)
    try:
        yield here
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}\n" + "\n".join(here.log)) from error
    finally:
        for module, name, real in before:
            setattr(module, name, real)
        LOGGER.setLevel(level)


def _step(here: World) -> None:
    """One deployment, or the stack's deletion."""
    chosen = here.random
    if here.faults.on and chosen.random() < 0.15:
        name = f"{chosen.choice(LOGICAL_IDS)}-{chosen.randint(1, 3)}"
        if name not in here.sagemaker.jobs:
            here.sagemaker.add(name, "InProgress", {})
            here.sagemaker.jobs[name]["foreign"] = True
    if chosen.random() < 0.2:
        here.sagemaker.refusals += [ROLE_MISSING] * chosen.randint(1, 5)
    if here.faults.on and here.faults.kills < MOST_KILLS and chosen.random() < 0.2:
        lost = chosen.choice([1, 2, 3])
        here.faults.kills += 1
        here.stack.framework.lost_answers = lost
    running = {
        resource.physical_id
        for resource in here.stack.resources.values()
        if here.sagemaker.jobs.get(resource.physical_id, {}).get("status") == "InProgress"
    }
    if here.stack.exists and chosen.random() < 0.2:
        here.log.append(f"delete: {_until(here.stack.delete)}")
    else:
        template = _template(here)
        fails_after = chosen.choice([None, None, 0, 1, 2]) if here.faults.on else None
        existed = here.stack.exists
        done = here.stack.deploy(template, fails_after=fails_after)
        names = [properties["HyperParameterTuningJobName"] for properties in template.values()]
        here.log.append(f"deploy {names} failing after {fails_after}: {done}")
        if existed and not done:
            states = {name: here.sagemaker.jobs[name]["status"] for name in running if name in here.sagemaker.jobs}
            assert not [name for name, state in states.items() if state in ("Stopping", "Stopped")], states
    here.log.append(str({name: job["status"] for name, job in here.sagemaker.jobs.items()}))


def _template(here: World) -> dict[str, dict[str, Any]]:
    template = {}
    for logical_id in LOGICAL_IDS:
        tags = here.random.choice([None, {"team": "mt"}])
        properties = declaration(f"{logical_id}-{here.random.randint(1, 3)}", tags=tags)
        # What is declared differs with the name, as it does where the name is its hash.
        properties["Autotune"] = {"Mode": "Enabled"}
        properties["TrainingJobDefinition"]["StaticHyperParameters"]["name"] = properties["HyperParameterTuningJobName"]
        behavior = here.random.choice(["Stop", "Stop", "Delete", "Retain"])
        if behavior != "Stop":
            properties["DeletionBehavior"] = behavior
        if behavior == "Retain":
            here.retained.add(digest(properties))
        template[logical_id] = properties
    return template


def _until(done: Callable[[], bool]) -> bool:
    """An operator tries again."""
    return any(done() for _ in range(5))


def _settle(here: World) -> None:
    """What is stopping stops, and what is being deleted goes away."""
    for name, job in list(here.sagemaker.jobs.items()):
        if job["status"] == "Stopping":
            job["status"] = "Stopped"
        elif job["status"] == "Deleting":
            del here.sagemaker.jobs[name]
