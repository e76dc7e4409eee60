"""The log lines with metrics, and the definitions whose regular expressions match them; standard library only."""

from __future__ import annotations

from collections.abc import Mapping

from infra.handlers.recipes import RANKING_METRICS

_NUMBER = r"([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)"

OBJECTIVE = "validation:normalized_discounted_cumulative_gain_at_10"
"""What hyperparameter optimization maximises. AWS does not publish its own objective; this one looks at ranks as deep
as a page of recommendations, and at users whom neither training nor the reported metrics see."""

METRIC_DEFINITIONS: tuple[tuple[str, str], ...] = (
    ("train:loss", rf"Train-loss={_NUMBER}"),
    *((f"validation:{name}", rf"Validation-{name}={_NUMBER}") for name in RANKING_METRICS),
    *((f"test:{name}", rf"Test-{name}={_NUMBER}") for name in RANKING_METRICS),
)
"""(name, regular expression with one group) of each metric that the programs emit."""


def metric_line(source: str, metrics: Mapping[str, float], *, epoch: int | None = None) -> str:
    """One line of metrics of "Train", "Validation" or "Test", without loss of digits."""
    fields = " ".join(f"{source}-{name}={float(value)!r}" for name, value in metrics.items())
    return fields if epoch is None else f"Epoch[{epoch}] {fields}"
