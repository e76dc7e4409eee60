"""The first configurations of a Bayesian search."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.engine.strategies import Configuration, Space, fitting, hyperparameters
from infra.local.engine.strategies.design import spread
from infra.local.engine.strategies.space import CategoricalRange, ContinuousRange, IntegerRange

MIXED = Space(
    (
        ContinuousRange("rate", 1e-5, 1e-1, "Logarithmic"),
        ContinuousRange("keep", 0.5, 0.999, "ReverseLogarithmic"),
        IntegerRange("size", 1, 512, "Logarithmic"),
        IntegerRange("depth", -2, 5),
        CategoricalRange("kind", ("adam", "sgd", "rmsprop", "none")),
        IntegerRange("fixed", 3, 3),
    )
)


def first(space: Space, count: int, seed: int = 1) -> list[Configuration]:
    return [spread(space, seed=seed, number=n) for n in range(1, count + 1)]


@given(seed=st.integers(0, 2**31 - 1), number=st.integers(1, 750))
@settings(max_examples=50, deadline=None)
def test_within_the_space_and_repeatable(seed: int, number: int) -> None:
    chosen = spread(MIXED, seed=seed, number=number)
    assert fitting(MIXED, hyperparameters(chosen)) == chosen
    assert [type(chosen[r.name]) for r in MIXED.ranges] == [float, float, int, int, str, int]
    assert spread(MIXED, seed=seed, number=number) == chosen


@given(seed=st.integers(0, 2**31 - 1))
@settings(max_examples=20, deadline=None)
def test_each_part_of_each_range_has_its_share(seed: int) -> None:
    """Of 8 points each eighth of a range has one, on the range's own scale."""
    chosen = first(MIXED, 8, seed)
    rates = sorted(float(c["rate"]) for c in chosen)
    for place, rate in enumerate(rates):
        assert 1e-5 * 10 ** (place / 2) * 0.999 <= rate <= 1e-5 * 10 ** ((place + 1) / 2) * 1.001
    assert sorted(int(c["depth"]) for c in chosen) == list(range(-2, 6))
    assert sorted(str(c["kind"]) for c in chosen) == sorted(2 * ["adam", "sgd", "rmsprop", "none"])


def test_seeds_have_sequences_of_their_own() -> None:
    assert first(MIXED, 4, 1) != first(MIXED, 4, 2)


def test_nothing_to_choose() -> None:
    assert spread(Space(()), seed=1, number=1) == {}


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_no_warning(number: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spread(MIXED, seed=1, number=number)
