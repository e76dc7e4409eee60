"""Hundreds of deployments with faults at every call: no job is lost, doubled or left running, no stack is stuck."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.fault_schedules import FAULTS, run

SCHEDULES = 500
BATCH = 50


@pytest.mark.parametrize("first", range(0, SCHEDULES, BATCH))
def test_the_invariant_holds_after_every_schedule(first: int) -> None:
    faults: Counter[str] = Counter()
    requests = 0
    for seed in range(first, first + BATCH):
        made, seen = run(seed)
        requests += made
        faults += seen

    print(f"{BATCH} schedules, {requests} requests, {faults.total()} faults: {dict(faults)}")
    assert set(faults) == set(FAULTS)
