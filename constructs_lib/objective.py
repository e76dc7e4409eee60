"""What a tuning job optimises."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from aws_cdk import IResolvable

from constructs_lib._fields import choice, member


class ObjectiveType(Enum):
    """Whether a higher or a lower value of the objective metric is better."""

    MAXIMIZE = "Maximize"
    MINIMIZE = "Minimize"


@dataclass(frozen=True)
class Objective:
    """The metric that a tuning job optimises, and in which direction.

    >>> Objective.minimize("validation:perplexity").type
    <ObjectiveType.MINIMIZE: 'Minimize'>

    Attributes:
        metric_name: name of a metric that the algorithm emits, 1-255 characters.
        type: direction.
    """

    metric_name: str = member("MetricName", kw_only=False)
    type: ObjectiveType | IResolvable = member("Type", choice(ObjectiveType))

    @classmethod
    def maximize(cls, metric_name: str) -> Objective:
        """The higher the better, such as accuracy."""
        return cls(metric_name, type=ObjectiveType.MAXIMIZE)

    @classmethod
    def minimize(cls, metric_name: str) -> Objective:
        """The lower the better, such as perplexity."""
        return cls(metric_name, type=ObjectiveType.MINIMIZE)
