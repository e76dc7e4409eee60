"""The log lines with metrics, and the metric definitions whose regular expressions match them; standard library only.

The names and expressions are those that DescribeTrainingJob shows for SageMaker's XGBoost images. The service's log
writes a control character as ``#`` and its octal number, so that ``#011`` in an expression is the tab of a line.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Metrics of which more is better; of all others, less is.
MAXIMIZED = frozenset(
    {
        "accuracy",
        "auc",
        "aucpr",
        "balanced_accuracy",
        "f1",
        "f1_binary",
        "f1_macro",
        "map",
        "ndcg",
        "precision",
        "precision_macro",
        "precision_micro",
        "r2",
        "recall",
        "recall_macro",
        "recall_micro",
    }
)

MINIMIZED = frozenset(
    {
        "aft-nloglik",
        "cox-nloglik",
        "error",
        "gamma-deviance",
        "gamma-nloglik",
        "interval-regression-accuracy",
        "logloss",
        "mae",
        "mape",
        "merror",
        "mlogloss",
        "mphe",
        "mse",
        "poisson-nloglik",
        "rmse",
        "rmsle",
        "tweedie-nloglik",
    }
)

#: What the developer guide lists as objectives of a tuning job, "validation:" before each.
DOCUMENTED = (
    "accuracy",
    "auc",
    "error",
    "f1",
    "logloss",
    "mae",
    "map",
    "merror",
    "mlogloss",
    "mse",
    "ndcg",
    "rmse",
)

# Defined for the validation channel alone: a request takes at most 40 definitions, and an SDK sends back what it has
# read. Left out are those of survival analysis, whose labels have two bounds that a channel's files cannot give, and
# three that are equal or next to others.
_FURTHER = sorted(
    (MAXIMIZED | MINIMIZED)
    - set(DOCUMENTED)
    - {"aft-nloglik", "interval-regression-accuracy", "mphe", "precision_micro", "recall_micro"}
)


def _definition(channel: str, metric: str) -> tuple[str, str]:
    value = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
    return f"{channel}:{metric}", rf".*\[[0-9]+\].*#011{channel}-{metric}:{value}.*"


#: (name, regular expression with one group) of each metric that the service reads from the algorithm's log.
METRIC_DEFINITIONS: tuple[tuple[str, str], ...] = (
    *(_definition("train", metric) for metric in DOCUMENTED),
    *(_definition("validation", metric) for metric in (*DOCUMENTED, *_FURTHER)),
)


def metric_line(round_number: int, values: Iterable[tuple[str, str, float]]) -> str:
    """One round's metrics, each as channel, metric and value, as XGBoost's own monitor writes them."""
    fields = "".join(f"\t{channel}-{metric}:{value:.5f}" for channel, metric, value in values)
    return f"[{round_number}]{fields}"
