from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from infra.xgboost import own_metrics
from infra.xgboost.own_metrics import classes, value

OBJECTIVE = "multi:softmax"  # predictions are the classes themselves

REFERENCE: dict[str, Callable[[Any, Any], float]] = {
    "accuracy": reference.accuracy_score,
    "f1": lambda labels, found: reference.f1_score(labels, found, average="macro", zero_division=0),
    "f1_macro": lambda labels, found: reference.f1_score(labels, found, average="macro", zero_division=0),
    "precision_macro": lambda labels, found: reference.precision_score(labels, found, average="macro", zero_division=0),
    "precision_micro": lambda labels, found: reference.precision_score(labels, found, average="micro"),
    "recall_macro": lambda labels, found: reference.recall_score(labels, found, average="macro", zero_division=0),
    "recall_micro": lambda labels, found: reference.recall_score(labels, found, average="micro"),
}
BINARY: dict[str, Callable[[Any, Any], float]] = {
    "f1_binary": lambda labels, found: reference.f1_score(labels, found, zero_division=0),
    "precision": lambda labels, found: reference.precision_score(labels, found, zero_division=0),
    "recall": lambda labels, found: reference.recall_score(labels, found, zero_division=0),
}


def pairs(size: int) -> Any:
    return st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), min_size=2, max_size=30)


@settings(max_examples=15, deadline=None)  # the reference takes its time
@given(pairs(4))
def test_any_number_of_classes(rows: list[tuple[int, int]]) -> None:
    labels, found = np.array(rows, np.float32).T
    for name, expected in REFERENCE.items():
        assert value(name, labels, found, OBJECTIVE) == pytest.approx(expected(labels, found)), name
    recalls = [float(np.mean(found[labels == one] == one)) for one in np.unique(labels)]
    assert value("balanced_accuracy", labels, found, OBJECTIVE) == pytest.approx(np.mean(recalls))


@settings(max_examples=15, deadline=None)  # the reference takes its time
@given(pairs(2))
def test_two_classes(rows: list[tuple[int, int]]) -> None:
    labels, found = np.array(rows, np.float32).T
    for name, expected in BINARY.items():
        assert value(name, labels, found, "binary:hinge") == pytest.approx(expected(labels, found)), name


@settings(max_examples=15, deadline=None)  # the reference takes its time
@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=2, max_size=20))
def test_regression(rows: list[tuple[int, int]]) -> None:
    labels, found = np.array(rows, np.float64).T
    for name, expected in (("mse", reference.mean_squared_error), ("r2", reference.r2_score)):
        ours = value(name, labels.astype(np.float32), found.astype(np.float32), "reg:squarederror")
        assert ours == pytest.approx(expected(labels, found), abs=1e-6), name


@pytest.mark.parametrize(
    ("objective", "predictions", "expected"),
    [
        ("binary:logistic", [0.4, 0.6], [0, 1]),
        ("binary:logitraw", [-0.1, 0.1], [0, 1]),
        ("binary:hinge", [0.0, 1.0], [0, 1]),
        ("multi:softmax", [2.0, 0.0], [2, 0]),
        ("multi:softprob", [[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]], [2, 0]),
    ],
)
def test_the_class_that_a_prediction_stands_for(objective: str, predictions: Any, expected: list[int]) -> None:
    assert classes(np.array(predictions, np.float32), objective).tolist() == expected


def test_all_are_tested() -> None:
    assert {*REFERENCE, *BINARY, "balanced_accuracy", "mse", "r2"} == own_metrics.ALL
