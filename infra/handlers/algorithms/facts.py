"""What an algorithm's documentation says about it: facts that synth-time checks and handlers read alike.

The class of a hyperparameter is how it can be tuned: `Integer` and `Continuous` over a range, `Categorical` over a set
of values, and a plain `HyperParameter` not at all. Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Literal

from ..numbers import exact, number

Direction = Literal["Maximize", "Minimize"]
Values = Mapping[str, tuple[str, ...]]
"""Values by the name of a hyperparameter."""


class ValueType(Enum):
    """The type of a hyperparameter's values."""

    INTEGER = "a whole number"
    FLOAT = "a number"
    BOOLEAN = "true or false"
    STRING = "a string"


@dataclass(frozen=True)
class HyperParameter:
    """A hyperparameter as documented; this class is for those that cannot be tuned.

    Attributes:
        name: its name.
        type: type of its values. Default: ``ValueType.STRING``.
        default: what counts when it is not given. Default: None, nothing or another hyperparameter's value.
        minimum: lowest valid value. Default: None.
        maximum: highest valid value. Default: None.
        above: values must be greater than this. Default: None.
        below: values must be less than this. Default: None.
        values: all valid values of a closed choice. Default: ().
        required: whether it must be given, static or tuned. Default: False.
        even: whether values must be even. Default: False.
        applies_to: it has an effect only if one of these hyperparameters has one of these values. Default: always.
    """

    name: str
    type: ValueType = field(default=ValueType.STRING, kw_only=True)
    default: str | float | None = field(default=None, kw_only=True)
    minimum: float | None = field(default=None, kw_only=True)
    maximum: float | None = field(default=None, kw_only=True)
    above: float | None = field(default=None, kw_only=True)
    below: float | None = field(default=None, kw_only=True)
    values: tuple[str, ...] = field(default=(), kw_only=True)
    required: bool = field(default=False, kw_only=True)
    even: bool = field(default=False, kw_only=True)
    applies_to: Values = field(default_factory=dict, kw_only=True)

    @property
    def default_text(self) -> str | None:
        """The default as the API's string."""
        if isinstance(self.default, bool):
            return "true" if self.default else "false"
        return self.default if self.default is None or isinstance(self.default, str) else exact(self.default)

    def problem(self, value: str) -> str | None:
        """The rule that a value, as the API's string, breaks; None if it is valid."""
        if self.values:
            return None if value in self.values else f"must be one of {', '.join(self.values)}"
        if self.type is ValueType.BOOLEAN:
            return None if value.lower() in ("true", "false") else "must be true or false"
        if self.type is ValueType.STRING:
            return None
        found = number(value)
        if found is None or not math.isfinite(found) or (self.type is ValueType.INTEGER and found != int(found)):
            return f"must be {self.type.value}"
        return self._bound_problem(found)

    def _bound_problem(self, value: float) -> str | None:
        if self.above is not None and value <= self.above:
            return f"must be above {exact(self.above)}"
        if self.below is not None and value >= self.below:
            return f"must be below {exact(self.below)}"
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {exact(self.minimum)}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {exact(self.maximum)}"
        return "must be even" if self.even and value % 2 else None


@dataclass(frozen=True)
class Numeric(HyperParameter):
    """A hyperparameter with an order.

    Attributes:
        recommended: documented lowest and highest value to tune. Default: None.
        recommended_by: where these depend on another hyperparameter's value: its name, and the bounds by its value.
            Default: always the same.
    """

    recommended: tuple[float, float] | None = field(default=None, kw_only=True)
    recommended_by: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class Integer(Numeric):
    """A whole number that is tuned over a range."""

    type: ValueType = field(default=ValueType.INTEGER, kw_only=True)


@dataclass(frozen=True)
class Continuous(Numeric):
    """A number that is tuned over a range."""

    type: ValueType = field(default=ValueType.FLOAT, kw_only=True)


@dataclass(frozen=True)
class Categorical(HyperParameter):
    """A hyperparameter that is tuned over a set of values, be they words or numbers.

    Attributes:
        recommended: documented values to tune. Default: None.
    """

    recommended: tuple[str | float, ...] | None = field(default=None, kw_only=True)


@dataclass(frozen=True, eq=False)
class AlgorithmFacts:
    """An algorithm as documented; there is one instance of each.

    Attributes:
        name: name of its construct, such as ``Seq2Seq``.
        repositories: names of the repositories of its images. Default: ().
        metrics: the metrics that it emits, each with its better direction. Default: none known.
        channels: content types of its channels, by channel name. Default: none known.
        required_channels: the channels that it does not train without. Default: ().
        hyper_parameters: by name; make it with `by_name`. Default: none known.
        gpu_only: whether it trains on GPU instances only. Default: False.
        single_instance: whether it trains on one instance only. Default: False.
        objective_parameter: the hyperparameter that names the metric which training watches. Default: None.
        needs_metric_definitions: whether its metrics are those that a declaration defines. Default: False.
    """

    name: str
    repositories: tuple[str, ...] = field(default=(), kw_only=True)
    metrics: Mapping[str, Direction] = field(default_factory=dict, kw_only=True)
    channels: Values = field(default_factory=dict, kw_only=True)
    required_channels: tuple[str, ...] = field(default=(), kw_only=True)
    hyper_parameters: Mapping[str, HyperParameter] = field(default_factory=dict, kw_only=True)
    gpu_only: bool = field(default=False, kw_only=True)
    single_instance: bool = field(default=False, kw_only=True)
    objective_parameter: str | None = field(default=None, kw_only=True)
    needs_metric_definitions: bool = field(default=False, kw_only=True)


def by_name(*parameters: HyperParameter) -> Mapping[str, HyperParameter]:
    """Hyperparameters by their names."""
    return MappingProxyType({parameter.name: parameter for parameter in parameters})
