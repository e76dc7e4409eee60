"""What the surrogate is told of objective values."""

from __future__ import annotations

import math
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.engine.strategies.objective import tempered

VALUES = st.lists(st.integers(-(10**6), 10**6).map(float), min_size=1, max_size=12)


def test_worse_half_counts_logarithmically() -> None:
    # The median is 3, the best 1: distances count in units of 2.
    assert tempered([1.0, 2.0, 3.0, 5.0, 203.0], maximize=False) == pytest.approx(
        [1.0, 2.0, 3.0, 3 + 2 * math.log(2), 3 + 2 * math.log(101)]
    )


@pytest.mark.parametrize("values", [[4.0], [4.0, 4.0, 4.0], [1.0, 1.0, 1.0, 9.0]])
def test_nothing_to_measure_with(values: list[float]) -> None:
    assert tempered(values, maximize=False) == values


@given(VALUES)
def test_order_is_kept(values: list[float]) -> None:
    changed = tempered(values, maximize=False)
    for a, x in zip(values, changed, strict=True):
        for b, y in zip(values, changed, strict=True):
            assert x <= y if a <= b else x >= y


@given(VALUES)
def test_better_half_is_untouched_and_the_rest_never_gets_worse(values: list[float]) -> None:
    middle = median(values)
    for value, changed in zip(values, tempered(values, maximize=False), strict=True):
        if value <= middle:
            assert changed == value
        else:
            assert middle <= changed <= value


@given(VALUES)
def test_maximizing_mirrors_minimizing(values: list[float]) -> None:
    mirrored = tempered([-v for v in values], maximize=True)
    assert mirrored == pytest.approx([-v for v in tempered(values, maximize=False)])


@given(VALUES, st.sampled_from([0.25, 1.0, 8.0]), st.integers(-1000, 1000))
def test_unit_and_level_do_not_matter(values: list[float], unit: float, level: int) -> None:
    moved = tempered([unit * v + level for v in values], maximize=False)
    assert moved == pytest.approx([unit * v + level for v in tempered(values, maximize=False)], rel=1e-6, abs=1e-6)
