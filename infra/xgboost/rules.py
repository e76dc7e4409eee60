"""Valid values of the hyperparameters that hold more than a number or a word; ``str(rule)`` ends "must be ..."."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from .metric_lines import MAXIMIZED, MINIMIZED

METRICS = MAXIMIZED | MINIMIZED

#: Metrics that take a threshold or a length, as error@0.7 and ndcg@10.
AT = ("error", "map", "ndcg")

_BINARY = ("f1_binary", "precision", "recall")
_CLASSIFICATION = (
    "accuracy",
    "balanced_accuracy",
    "f1",
    "f1_macro",
    "precision_macro",
    "precision_micro",
    "recall_macro",
    "recall_micro",
)


@dataclass(frozen=True)
class EvalMetrics:
    """Names of metrics with commas between them."""

    def parse(self, text: str) -> list[str]:
        """Gives the names in the order given."""
        names = [name.strip() for name in text.split(",")]
        if not all(self._valid(name) for name in names):
            raise ValueError(text)
        return names

    def format(self, value: list[str]) -> str:
        """Gives the names with commas between them."""
        return ",".join(value)

    @staticmethod
    def _valid(name: str) -> bool:
        base, at, threshold = name.partition("@")
        if not at:
            return name in METRICS
        float(threshold.removesuffix("-"))  # a minus at the end: queries without relevant results count as 0
        return base in AT

    def __str__(self) -> str:
        return f"some of {', '.join(sorted(METRICS))}, with commas between them; {', '.join(AT)} may end in @number"


@dataclass(frozen=True)
class MonotoneConstraints:
    """A tuple with -1, 0 or 1 for each feature."""

    def parse(self, text: str) -> str:
        """Gives the tuple as the library reads it."""
        value = _literal(text)
        if not isinstance(value, tuple | list) or any(type(one) is not int or abs(one) > 1 for one in value):
            raise ValueError(text)
        return f"({','.join(str(one) for one in value)})"

    def format(self, value: str) -> str:
        """Gives the tuple."""
        return value

    def __str__(self) -> str:
        return "a tuple with -1, 0 or 1 for each feature, as (1,0,-1)"


@dataclass(frozen=True)
class InteractionConstraints:
    """Lists of features that may interact."""

    def parse(self, text: str) -> str:
        """Gives the lists as the library reads them."""
        value = _literal(text)
        valid = isinstance(value, list) and all(
            isinstance(group, list) and all(type(feature) is int and feature >= 0 for feature in group)
            for group in value
        )
        if not valid:
            raise ValueError(text)
        return repr(value)

    def format(self, value: str) -> str:
        """Gives the lists."""
        return value

    def __str__(self) -> str:
        return "a list of lists of feature numbers, as [[0,1],[2,3,4]]"


@dataclass(frozen=True)
class Updaters:
    """Names of updaters with commas between them."""

    GROW = ("distcol", "grow_colmaker", "grow_histmaker", "grow_quantile_histmaker", "grow_skmaker")
    UPDATE = ("prune", "refresh")
    LINEAR = ("coord_descent", "shotgun")

    def parse(self, text: str) -> str:
        """Gives the names as the library reads them."""
        names = [name.strip() for name in text.split(",")]
        if not set(names) <= {*self.GROW, *self.UPDATE, *self.LINEAR, "sync"}:
            raise ValueError(text)
        return ",".join(names)

    def format(self, value: str) -> str:
        """Gives the names."""
        return value

    def __str__(self) -> str:
        return f"some of {', '.join(sorted({*self.GROW, *self.UPDATE, *self.LINEAR, 'sync'}))}"

    @classmethod
    def problem(cls, updater: str, booster: str, process_type: str) -> str | None:
        """Why this updater cannot go with the booster and the process type."""
        names = updater.split(",")
        if booster == "gblinear":
            valid = len(names) == 1 and names[0] in cls.LINEAR
            rule = f"must be one of {', '.join(cls.LINEAR)} with booster gblinear"
        elif process_type == "update":
            valid = set(names) <= set(cls.UPDATE)
            rule = f"must be some of {', '.join(cls.UPDATE)} with process_type update"
        else:
            valid = not set(names) & set(cls.LINEAR) and len([name for name in names if name in cls.GROW]) <= 1
            rule = f"must have at most one of {', '.join(cls.GROW)} and no linear one with booster {booster}"
        return None if valid else f"hyperparameter updater {rule}, but got {updater!r}"


def classification_problem(metric: str, objective: str) -> str | None:
    """Why a metric cannot be computed of what the objective predicts."""
    family = objective.partition(":")[0]
    if metric == "auc" and family not in ("binary", "rank"):
        return f"metric {metric} needs a binary or ranking objective, but got {objective}"
    if metric in _BINARY and family != "binary" and objective != "reg:logistic":
        return f"metric {metric} needs a binary objective, but got {objective}"
    if metric in _CLASSIFICATION and family not in ("binary", "multi") and objective != "reg:logistic":
        return f"metric {metric} needs a classification objective, but got {objective}"
    if metric in ("mse", "r2") and family == "multi":
        return f"metric {metric} needs one prediction for each example, but got objective {objective}"
    if metric == "aft-nloglik" and objective != "survival:aft":
        return f"metric {metric} needs objective survival:aft, but got {objective}"
    return None


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (SyntaxError, MemoryError, RecursionError) as error:
        raise ValueError(text) from error
