"""Metrics that SageMaker's XGBoost computes beside the library's own, by the usual definitions.

Written out here, since importing scikit-learn for them would take longer than most training jobs.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Numbers = NDArray[np.float64]


def classes(predictions: NDArray[np.float32], objective: str) -> Labels:
    """The class that each prediction stands for.

    Args:
        predictions: What the objective predicts: a class, a probability, a margin (``binary:logitraw``) or a row of
            probabilities, one for each class.
        objective: The learning objective.
    """
    if predictions.ndim == 2:
        return np.asarray(predictions.argmax(axis=1), np.int64)
    if objective == "multi:softmax":
        return np.asarray(predictions, np.int64)
    threshold = 0.0 if objective == "binary:logitraw" else 0.5
    return np.asarray(predictions > threshold, np.int64)


class Confusion:
    """How often each class is meant, predicted and both; classes that are neither count for no average."""

    def __init__(self, labels: Labels, predicted: Labels) -> None:
        size = int(max(labels.max(initial=0), predicted.max(initial=0))) + 1
        self.hits = np.bincount(labels[labels == predicted], minlength=size).astype(float)
        self.meant = np.bincount(labels, minlength=size).astype(float)
        self.predicted = np.bincount(predicted, minlength=size).astype(float)
        self.seen = (self.meant + self.predicted) > 0

    def precision(self) -> Numbers:
        """Hits of each class among its predictions; 0 where there is no prediction."""
        return _ratio(self.hits, self.predicted)

    def recall(self) -> Numbers:
        """Hits of each class among those meant; 0 where there is none."""
        return _ratio(self.hits, self.meant)

    def f1(self) -> Numbers:
        """Harmonic mean of precision and recall of each class."""
        return _ratio(2 * self.hits, self.meant + self.predicted)

    def accuracy(self) -> float:
        """Hits among all."""
        return float(self.hits.sum() / self.meant.sum())

    def balanced_accuracy(self) -> float:
        """Mean recall of the classes that are meant."""
        return float(self.recall()[self.meant > 0].mean())

    def macro(self, values: Numbers) -> float:
        """Mean over the classes."""
        return float(values[self.seen].mean())

    @staticmethod
    def positive(values: Numbers) -> float:
        """The value of class 1."""
        return float(values[1]) if len(values) > 1 else 0.0


def _ratio(numerator: Numbers, denominator: Numbers) -> Numbers:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def _r2(labels: Numbers, predictions: Numbers) -> float:
    residual, total = float(((labels - predictions) ** 2).sum()), float(((labels - labels.mean()) ** 2).sum())
    if total == 0:
        return 1.0 if residual == 0 else 0.0
    return 1 - residual / total


#: Metrics of a classification, for any number of classes.
MULTI_CLASS: dict[str, Callable[[Confusion], float]] = {
    "accuracy": Confusion.accuracy,
    "balanced_accuracy": Confusion.balanced_accuracy,
    "f1": lambda found: found.macro(found.f1()),
    "f1_macro": lambda found: found.macro(found.f1()),
    "precision_macro": lambda found: found.macro(found.precision()),
    "precision_micro": Confusion.accuracy,  # each wrong prediction is one too many of one class
    "recall_macro": lambda found: found.macro(found.recall()),
    "recall_micro": Confusion.accuracy,  # and one too few of another
}

#: Metrics of a classification into 0 and 1.
BINARY: dict[str, Callable[[Confusion], float]] = {
    "f1_binary": lambda found: found.positive(found.f1()),
    "precision": lambda found: found.positive(found.precision()),
    "recall": lambda found: found.positive(found.recall()),
}

#: Metrics of a regression.
REGRESSION: dict[str, Callable[[Numbers, Numbers], float]] = {
    "mse": lambda labels, predictions: float(((labels - predictions) ** 2).mean()),
    "r2": _r2,
}

ALL = frozenset({*MULTI_CLASS, *BINARY, *REGRESSION})


def value(metric: str, labels: NDArray[np.float32], predictions: NDArray[np.float32], objective: str) -> float:
    """A metric of one round's predictions."""
    if metric in REGRESSION:
        return REGRESSION[metric](labels.astype(np.float64), predictions.astype(np.float64))
    found = Confusion(labels.astype(np.int64), classes(predictions, objective))
    return {**MULTI_CLASS, **BINARY}[metric](found)
