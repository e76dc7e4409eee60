"""Answers that are remembered by the contents of what was asked about."""

from __future__ import annotations

from copy import deepcopy
from itertools import combinations, count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.handlers import remembered as module
from infra.handlers.remembered import exactly, remembered
from infra.handlers.rules import UNRESOLVED, check
from tests.unit.handlers.requests import request

ALIKE = [1, 1.0, True, "1", [1], (1,), {1: 1}, {"1": 1}, {True: 1}, [[1]], [1.0], 0.0, -0.0, None, "None", b"1"]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(("one", "other"), list(combinations(ALIKE, 2)), ids=repr)
def test_values_that_look_alike_are_told_apart(one: Any, other: Any) -> None:
    assert exactly(one) != exactly(other)


@given(PLAIN)
def test_a_value_is_known_again(value: Any) -> None:
    assert exactly(deepcopy(value)) == exactly(value) is not None


@pytest.mark.parametrize("value", [UNRESOLVED, {"a": [UNRESOLVED]}, object()], ids=["itself", "inside", "an object"])
def test_what_is_not_plain_is_not_known(value: Any) -> None:
    assert exactly(value) is None


def test_a_known_value_is_asked_once_and_an_unknown_one_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = count(1)
    ask = remembered(exactly)(lambda value: next(numbers))
    monkeypatch.setattr(module, "_MOST", 2)

    answers = [ask(value) for value in ["a", "a", UNRESOLVED, UNRESOLVED, "b", "c", "c"]]

    assert answers == [1, 1, 2, 3, 4, 5, 5]
    assert ask("a") == 6  # forgotten when there were too many


@pytest.mark.parametrize("value", [True, 1, ("1",)], ids=repr)
def test_a_remembered_search_space_hides_no_other(value: Any) -> None:
    good = request()
    bound = good["HyperParameterTuningJobConfig"]["ParameterRanges"]["ContinuousParameterRanges"][0]
    before = check(good)
    bound["MinValue"] = value

    assert check(good) != before
