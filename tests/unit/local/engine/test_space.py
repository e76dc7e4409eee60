from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.engine.strategies import Configuration, Space, configuration, hyperparameters
from infra.local.engine.strategies.space import ContinuousRange, IntegerRange

RANGES = {
    "ContinuousParameterRanges": [
        {"Name": "rate", "MinValue": "0.00005", "MaxValue": "0.2"},
        {"Name": "dropout", "MinValue": "0", "MaxValue": "0.5", "ScalingType": "Linear"},
    ],
    "IntegerParameterRanges": [{"Name": "batch", "MinValue": "16", "MaxValue": "256"}],
    "CategoricalParameterRanges": [{"Name": "kind", "Values": ["adam", "sgd"]}],
}


def test_space_is_sorted_by_name() -> None:
    assert [r.name for r in Space.of(RANGES).ranges] == ["batch", "dropout", "kind", "rate"]


@pytest.mark.parametrize(
    ("low", "high", "scaling", "expected"),
    [
        ("0.001", "0.1", "Auto", "Logarithmic"),
        ("0.001", "0.099", "Auto", "Linear"),
        ("0", "100", "Auto", "Linear"),
        ("-1", "1000", "Auto", "Linear"),
        ("0.001", "0.1", "Linear", "Linear"),
        ("1", "2", "Logarithmic", "Logarithmic"),
        ("0.9", "0.999", "ReverseLogarithmic", "ReverseLogarithmic"),
    ],
)
def test_scaling(low: str, high: str, scaling: str, expected: str) -> None:
    r = {"Name": "x", "MinValue": low, "MaxValue": high, "ScalingType": scaling}
    (found,) = Space.of({"ContinuousParameterRanges": [r]}).ranges
    assert isinstance(found, ContinuousRange)
    assert found.scaling == expected


def test_integers_scale_as_well() -> None:
    r = {"Name": "x", "MinValue": "1", "MaxValue": "100"}
    assert Space.of({"IntegerParameterRanges": [r]}).ranges == (IntegerRange("x", 1, 100, "Logarithmic"),)


def test_combinations() -> None:
    finite = {key: RANGES[key] for key in ("IntegerParameterRanges", "CategoricalParameterRanges")}
    assert Space.of(finite).combinations == 241 * 2
    assert Space.of(RANGES).combinations == math.inf


def test_hyperparameters_are_exact_text() -> None:
    values = hyperparameters({"batch": 64, "rate": 0.1 + 0.2, "small": 5e-05, "kind": "adam 'x'"})
    assert values == {"batch": "64", "rate": "0.30000000000000004", "small": "5e-05", "kind": "adam 'x'"}


@given(st.floats(0, 0.5), st.integers(16, 256), st.sampled_from(["adam", "sgd"]))
def test_text_and_back(dropout: float, batch: int, kind: str) -> None:
    chosen: Configuration = {"batch": batch, "dropout": dropout, "kind": kind, "rate": 0.1}
    assert configuration(Space.of(RANGES), hyperparameters(chosen)) == chosen
