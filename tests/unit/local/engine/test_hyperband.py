"""Hyperband's verdicts on running jobs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.engine.strategies import HyperbandJudge, Resources

EVENTS = st.lists(st.tuples(st.integers(1, 6), st.floats(0, 1)), max_size=60)


@settings(max_examples=25, deadline=None)
@given(events=EVENTS, least=st.integers(1, 4))
def test_bounds_hold_and_a_judge_made_anew_agrees(events: list[tuple[int, float]], least: int) -> None:
    resources = Resources(least, 9)
    first, second = (HyperbandJudge(resources, seed=3, maximize=False) for _ in range(2))
    emitted: dict[int, int] = {}
    for number, value in events:
        emitted[number] = emitted.get(number, 0) + 1
        verdict = first.stops(number, value)
        assert verdict == second.stops(number, value)
        if emitted[number] < least:
            assert not verdict
        if emitted[number] >= 9:
            assert verdict


def test_most_of_many_jobs_are_stopped_early_at_rungs() -> None:
    judge = HyperbandJudge(Resources(1, 27), seed=1, maximize=True)
    units = {}
    for number in range(1, 31):
        value = float((number * 7) % 30)
        for epoch in range(1, 28):
            units[number] = epoch
            if judge.stops(number, value):
                break
    assert sum(units.values()) < 0.7 * 30 * 27
    assert all(epoch in (1, 3, 9, 27) for epoch in units.values())


def test_a_program_that_ends_by_itself_is_not_stopped_at_its_last_epoch() -> None:
    resources = Resources.of({}, {"epochs": "2"})
    assert resources == Resources(1, 2, inferred=True)
    judge = HyperbandJudge(resources, seed=1, maximize=True)
    assert [judge.stops(1, v) for v in (0.1, 0.2)] == [False, False]
