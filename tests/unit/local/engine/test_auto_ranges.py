"""The documented rule of AutoParameters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.engine.strategies.auto_ranges import auto_range
from infra.local.engine.strategies.space import CategoricalRange, ContinuousRange, IntegerRange, Range

CASES: list[tuple[str, Range]] = [
    ("8", IntegerRange("x", 2, 32, "Logarithmic")),
    ("1", IntegerRange("x", 1, 4, "Linear")),
    ("0", IntegerRange("x", 0, 4)),
    ("-8", IntegerRange("x", -32, -2)),
    ("1.0", ContinuousRange("x", 0.1, 10.0, "Logarithmic")),
    ("0.01", ContinuousRange("x", 0.001, 0.1, "Logarithmic")),
    ("0.5", ContinuousRange("x", 0.05, 0.75, "Logarithmic")),
    ("0.0", ContinuousRange("x", 0.0, 1.0)),
    ("-2.0", ContinuousRange("x", -4.0, -1.0)),
    ("True", CategoricalRange("x", ("True", "False"))),
    ("adam", CategoricalRange("x", ("adam",))),
    ("nan", CategoricalRange("x", ("nan",))),
]


@pytest.mark.parametrize(("hint", "expected"), CASES)
def test_range_around_a_hint(hint: str, expected: Range) -> None:
    assert auto_range("x", hint) == expected


@given(st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e9, 1e9).filter(lambda x: abs(x) > 1e-300)))
def test_the_hint_lies_within_its_range(hint: float) -> None:
    found = auto_range("x", repr(hint))
    assert not isinstance(found, CategoricalRange)
    assert found.low <= hint <= found.high
    assert found.low < found.high
