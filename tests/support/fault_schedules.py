"""Schedules of deployments and faults on the handlers of the life cycle, and the invariant that they must leave."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from infra.handlers import clients, clock
from infra.handlers.declaration import digest
from infra.handlers.logs import LOGGER
from tests.support.cloudformation import PUT_ATTEMPTS, Framework, Stack
from tests.support.fake_aws import client
from tests.support.fault_backends import Backend, Standing
from tests.support.fault_layer import MOST_KILLS, DirectClient, FaultyCalls
from tests.support.stepped_sagemaker import EMPTY

LOGICAL_IDS = ("First", "Second")
MakeBackend = Callable[[], AbstractContextManager[Backend]]


@dataclass
class World:
    """Everything of one schedule."""

    random: random.Random
    backend: Backend
    faults: FaultyCalls
    stack: Stack
    now: float = 1000.0
    retained: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)

    def poll(self) -> None:
        """Time passes."""
        self.now += 5
        self.backend.pass_time(self.random)

    def seen(self) -> Counter[str]:
        """The faults so far by kind."""
        return self.faults.seen + Counter({"answer not sent": self.stack.framework.failed_puts})

    def check(self) -> None:
        """Every live job is one resource's, or was retained by choice; no declaration has two."""
        jobs = self.backend.jobs()
        statuses = self.backend.case.live
        live = {name: job for name, job in jobs.items() if job.status in statuses and not job.is_foreign}
        held = [resource.physical_id for resource in self.stack.resources.values()]
        assert len(set(held)) == len(held), held
        digests = {name: job.tags["tuning-as-code:declaration"] for name, job in live.items()}
        lost = [name for name, declared in digests.items() if name not in held and declared not in self.retained]
        assert not lost, f"belongs to nothing: {lost}"
        assert len(set(digests.values())) == len(digests), f"two jobs of one declaration: {digests}"
        assert all(job.status == "InProgress" for job in jobs.values() if job.is_foreign)

    def check_at_rest(self) -> None:
        """With all faults over, what must hold; then the stack can be deleted, and it must hold again."""
        self.faults.on = False
        self.stack.framework.deaths = self.stack.framework.failing_puts = 0
        self.backend.settle()
        self.check()
        jobs = self.backend.jobs()
        for logical_id, resource in self.stack.resources.items():
            assert resource.physical_id in jobs, (logical_id, resource.physical_id)
        assert self.stack.delete(), "the stack is stuck"
        self.backend.settle()
        self.check()
        framework = self.stack.framework
        assert framework.answers.count(1) + framework.answers.count(0) == framework.requests


def run(seed: int, backend: MakeBackend) -> tuple[int, Counter[str]]:
    """Run one schedule and check what it leaves; the number of requests, and of faults by kind."""
    # One in ten goes through the real client: requests checked by botocore's model, answers parsed from the wire.
    with world(seed, backend, real_client=seed % 10 == 0) as here:
        here.faults.on = here.random.random() < 0.5  # else the first deployment succeeds, and updates are in danger
        for _ in range(here.random.randint(2, 4)):
            _step(here)
            here.faults.on = here.random.random() < 0.8
        here.check_at_rest()
        return here.stack.framework.requests, here.seen()


def run_killed(call: int, backend: MakeBackend, *, after: bool) -> bool:
    """Create, update, fail to update and delete two jobs; the function that makes a certain call dies.

    Returns:
        Whether there was a call of that number.
    """
    with world(0, backend, real_client=False) as here:
        here.faults.on = False
        here.faults.kill_at, here.faults.kills_after = call, after
        for version, fails_after in ((1, None), (2, None), (3, 2)):
            template = {name: here.backend.case.declared(f"{name}-{version}", None) for name in LOGICAL_IDS}
            here.log.append(f"deploy version {version}: {here.stack.deploy(template, fails_after=fails_after)}")
        here.log.append(f"delete: {_until(here.stack.delete)}")
        calls = here.faults.calls
        here.faults.kill_at = 0
        here.check_at_rest()
        return calls >= call


@contextmanager
def world(seed: int, backend: MakeBackend, *, real_client: bool) -> Iterator[World]:
    """A world of its own for a seed, in the place of AWS and of time."""
    chosen = random.Random(seed)
    with backend() as made:
        faults = FaultyCalls(made, chosen, rate=chosen.choice([0.0, 0.02, 0.1, 0.3]))
        framework = Framework(chosen, poll=lambda: None, handler=made.case.handler)
        here = World(chosen, made, faults, Stack("Tuning", framework, made.case.resource_type))
        framework.poll = here.poll
        try:
            with _in_place_of_aws(here, client(made.case.service, faults) if real_client else DirectClient(faults)):
                yield here
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}\n" + "\n".join(here.log)) from error


@contextmanager
def _in_place_of_aws(here: World, service: Any) -> Iterator[None]:
    def sleep(seconds: float) -> None:
        here.now += seconds

    replaced: list[tuple[Any, str, Callable[..., Any]]] = [
        (clients, here.backend.case.service, lambda: service),
        (clock, "now", lambda: here.now),
        (clock, "sleep", sleep),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in replaced]
    level = LOGGER.level
    LOGGER.setLevel(100)
    for module, name, stand_in in replaced:
        setattr(module, name, stand_in)
    try:
        yield
    finally:
        for module, name, real in before:
            setattr(module, name, real)
        LOGGER.setLevel(level)


def _step(here: World) -> None:
    """One deployment, or the stack's deletion."""
    chosen = here.random
    _trouble(here)
    before = here.backend.jobs()
    running = {
        resource.physical_id
        for resource in here.stack.resources.values()
        if resource.physical_id in before and before[resource.physical_id].status == "InProgress"
    }
    if here.stack.exists and chosen.random() < 0.2:
        here.log.append(f"delete: {_until(here.stack.delete)}")
    else:
        template = _template(here)
        fails_after = chosen.choice([None, None, 0, 1, 2]) if here.faults.on else None
        existed = here.stack.exists
        done = here.stack.deploy(template, fails_after=fails_after)
        names = [here.backend.case.name_of(properties) for properties in template.values()]
        here.log.append(f"deploy {names} failing after {fails_after}: {done}")
        if existed and not done:
            _check_none_ended(running, here.backend.jobs())
    here.log.append(str({name: job.status for name, job in here.backend.jobs().items()}))


def _trouble(here: World) -> None:
    """What is in the way of the next deployment beside failing calls."""
    chosen, framework = here.random, here.stack.framework
    if here.faults.on and chosen.random() < 0.15:
        case = here.backend.case
        name = case.name_of(case.declared(f"{chosen.choice(LOGICAL_IDS)}-{chosen.randint(1, 3)}", None))
        if name not in here.backend.jobs():
            here.backend.add_foreign(name)
    if chosen.random() < 0.2:
        here.faults.roleless += chosen.randint(1, 5)
    if here.faults.on and here.faults.kills < MOST_KILLS and chosen.random() < 0.2:
        framework.deaths = chosen.choice([1, 2, 3])
        here.faults.kills += 1
    if here.faults.on and chosen.random() < 0.2:
        # Up to the point where not even a failure arrives, however often the function is invoked.
        framework.failing_puts = chosen.randint(1, 4 * PUT_ATTEMPTS)


def _check_none_ended(running: set[str], jobs: dict[str, Standing]) -> None:
    """An update that failed leaves the jobs that ran before it running."""
    states = {name: jobs[name].status for name in running if name in jobs}
    assert not [name for name, state in states.items() if state in ("Stopping", "Stopped")], states


def _template(here: World) -> dict[str, dict[str, Any]]:
    template = {}
    for logical_id in LOGICAL_IDS:
        tags = here.random.choice([None, {"team": "mt"}])
        case = here.backend.case
        properties = case.declared(f"{logical_id}-{here.random.randint(1, 3)}", tags)
        template[logical_id] = properties
        if not case.retains:
            continue
        if here.random.random() < 0.05:
            _empty_a_channel(properties)
        behavior = here.random.choice(["Stop", "Stop", "Delete", "Retain"])
        if behavior != "Stop":
            properties["DeletionBehavior"] = behavior
        if behavior == "Retain":
            here.retained.add(digest(properties))
    return template


def _empty_a_channel(properties: dict[str, Any]) -> None:
    """What the service refuses, whoever asks and however often."""
    properties["HyperParameterTuningJobName"] += "e"
    source = properties["TrainingJobDefinition"]["InputDataConfig"]["train"]["DataSource"]["S3DataSource"]
    source["S3Uri"] = f"s3://{EMPTY}/"


def _until(done: Callable[[], bool]) -> bool:
    """An operator tries again."""
    return any(done() for _ in range(5))
