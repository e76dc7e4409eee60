"""Hundreds of deployments with faults at every call: no job is lost, doubled or left running, no stack is stuck."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from tests.support.fault_backends import dataset_imports, endpoint, in_memory, solution_versions, solutions
from tests.support.fault_layer import FAULTS, RESTARTED, ROLE_MISSING
from tests.support.fault_schedules import MakeBackend, run, run_killed

BATCH = 50
# On the local AWS's SageMaker behind its endpoint, and some with the states of a job that only AWS has.
BATCHES: list[tuple[MakeBackend, int]] = [
    *[(endpoint, n) for n in range(10)],
    (in_memory, 10),
    # What of Personalize lives by the same table.
    *[(make, number) for number, make in enumerate((solution_versions, solutions, dataset_imports), 11)],
]


@pytest.mark.parametrize(("backend", "number"), BATCHES, ids=[f"{make.__name__}-{n}" for make, n in BATCHES])
def test_the_invariant_holds_after_every_schedule(backend: MakeBackend, number: int) -> None:
    faults: Counter[str] = Counter()
    requests = 0
    for seed in range(BATCH * number, BATCH * (number + 1)):
        made, seen = run(seed, backend)
        requests += made
        faults += seen

    print(f"{BATCH} schedules, {requests} requests, {faults.total()} faults: {dict(faults)}")
    missing = {RESTARTED} if backend is not endpoint else set()
    assert set(faults) == FAULTS - missing - ({ROLE_MISSING} if backend in (solution_versions, solutions) else set())


KILLED: list[MakeBackend] = [endpoint, solution_versions, solutions, dataset_imports]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("backend", KILLED, ids=[make.__name__ for make in KILLED])
def test_the_invariant_holds_when_a_function_dies_at_each_of_its_calls_in_turn(
    backend: MakeBackend, after: bool
) -> None:
    for call in itertools.count(1):
        if not run_killed(call, backend, after=after):
            break

    print(f"killed {'after' if after else 'before'} each of {call - 1} calls")
    assert call > 30
