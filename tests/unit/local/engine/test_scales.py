"""Ranges on the unit interval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.engine.strategies.scales import from_unit, to_unit
from infra.local.engine.strategies.space import CategoricalRange, ContinuousRange, IntegerRange, Range

SHARES = st.floats(0, 1)
RANGES = [
    pytest.param(ContinuousRange("r", -3.0, 5.0), id="linear"),
    pytest.param(ContinuousRange("r", 1e-6, 1e-1, "Logarithmic"), id="logarithmic"),
    pytest.param(ContinuousRange("r", 0.0, 0.9999, "ReverseLogarithmic"), id="reverse"),
    pytest.param(IntegerRange("r", -4, 40), id="whole"),
    pytest.param(IntegerRange("r", 1, 10**9, "Logarithmic"), id="whole-logarithmic"),
    pytest.param(IntegerRange("r", 7, 7), id="one-number"),
    pytest.param(CategoricalRange("r", ("b", "a", "c")), id="choices"),
    pytest.param(CategoricalRange("r", ("64", "8", "16")), id="numbers-as-choices"),
]


@pytest.mark.parametrize("r", RANGES)
@given(share=SHARES)
def test_there_and_back(r: Range, share: float) -> None:
    """A value's place stands for that value, and lies within its part of the interval."""
    value = from_unit(r, share)
    if isinstance(r, ContinuousRange):
        assert r.low <= float(value) <= r.high
        assert to_unit(r, value) == pytest.approx(share, abs=1e-9)
    else:
        assert from_unit(r, to_unit(r, value)) == value
        if not isinstance(r, IntegerRange):
            assert abs(to_unit(r, value) - share) <= 0.5 / r.size + 1e-12


@pytest.mark.parametrize(
    ("r", "places"),
    [
        (IntegerRange("r", 1, 4), {1: 0.125, 2: 0.375, 3: 0.625, 4: 0.875}),
        (CategoricalRange("r", ("64", "8")), {"8": 0.25, "64": 0.75}),
        (CategoricalRange("r", ("b", "a")), {"b": 0.25, "a": 0.75}),
        (ContinuousRange("r", 0.01, 1.0, "Logarithmic"), {0.01: 0.0, 0.1: 0.5, 1.0: 1.0}),
        (ContinuousRange("r", 0.9, 0.999, "ReverseLogarithmic"), {0.9: 0.0, 0.99: 0.5, 0.999: 1.0}),
        (ContinuousRange("r", 2.0, 2.0), {2.0: 0.5}),
    ],
    ids=["whole", "numbers-as-choices", "choices", "logarithmic", "reverse", "one-number"],
)
def test_places(r: Range, places: dict[int | float | str, float]) -> None:
    assert {value: to_unit(r, value) for value in places} == pytest.approx(places)
