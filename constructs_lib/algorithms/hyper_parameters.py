"""What an algorithm's documentation says about each of its hyperparameters.

The class of a hyperparameter is how it can be tuned: one with an order has `between`, one without has `one_of`, one
that cannot be tuned has neither. So a wrong range is an error of the type checker, and an AttributeError at run time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from constructs_lib._fields import text
from constructs_lib.ranges import CategoricalRange, ContinuousRange, IntegerRange, ParameterRange, Scaling
from infra.handlers.numbers import exact, number

Applies = Mapping[str, tuple[str, ...]]


class ValueType(Enum):
    """The type of a hyperparameter's values."""

    INTEGER = "a whole number"
    FLOAT = "a number"
    BOOLEAN = "true or false"
    STRING = "a string"


@dataclass(frozen=True, kw_only=True)
class HyperParameter:
    """A hyperparameter as documented; this class is for those that cannot be tuned.

    Attributes:
        name: its name. Default: the name of the class attribute that holds it.
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

    name: str = ""
    type: ValueType = ValueType.STRING
    default: str | float | None = None
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    values: tuple[str, ...] = ()
    required: bool = False
    even: bool = False
    applies_to: Applies = field(default_factory=dict)

    def __set_name__(self, owner: object, name: str) -> None:
        if not self.name:
            object.__setattr__(self, "name", name)

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


@dataclass(frozen=True, kw_only=True)
class NumericHyperParameter(HyperParameter):
    """A hyperparameter with an order.

    Attributes:
        recommended: documented lowest and highest value to tune. Default: None.
        recommended_by: where these depend on another hyperparameter's value: its name, and the bounds by its value.
            Default: always the same.
        recommended_scaling: documented scaling of the range. Default: None.
    """

    recommended: tuple[float, float] | None = None
    recommended_by: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
    recommended_scaling: Scaling | None = None


@dataclass(frozen=True, kw_only=True)
class IntegerHyperParameter(NumericHyperParameter):
    """A whole number that is tuned over a range."""

    type: ValueType = ValueType.INTEGER

    def between(self, min: float, max: float, *, scaling: Scaling | None = None) -> IntegerRange:  # noqa: A002
        """The range from ``min`` to ``max``, both included."""
        return IntegerRange(self.name, min=min, max=max, scaling=scaling)

    def recommended_range(self) -> ParameterRange | None:
        """The documented range."""
        if self.recommended is None:
            return None
        return self.between(*self.recommended, scaling=self.recommended_scaling)


@dataclass(frozen=True, kw_only=True)
class ContinuousHyperParameter(NumericHyperParameter):
    """A number that is tuned over a range."""

    type: ValueType = ValueType.FLOAT

    def between(self, min: float, max: float, *, scaling: Scaling | None = None) -> ContinuousRange:  # noqa: A002
        """The range from ``min`` to ``max``, both included."""
        return ContinuousRange(self.name, min=min, max=max, scaling=scaling)

    def recommended_range(self) -> ParameterRange | None:
        """The documented range."""
        if self.recommended is None:
            return None
        return self.between(*self.recommended, scaling=self.recommended_scaling)


@dataclass(frozen=True, kw_only=True)
class CategoricalHyperParameter(HyperParameter):
    """A hyperparameter that is tuned over a set of values, be they words or numbers.

    Attributes:
        recommended: documented values to tune. Default: None.
    """

    recommended: tuple[str | float, ...] | None = None

    def one_of(self, *values: str | float) -> CategoricalRange:
        """The range of these values."""
        return CategoricalRange(self.name, values=values)

    def recommended_range(self) -> ParameterRange | None:
        """The documented values."""
        return None if self.recommended is None else self.one_of(*self.recommended)


TunableHyperParameter = IntegerHyperParameter | ContinuousHyperParameter | CategoricalHyperParameter


def default_text(parameter: HyperParameter) -> str | None:
    """The default as the API's string."""
    return None if parameter.default is None else text(parameter.default)
