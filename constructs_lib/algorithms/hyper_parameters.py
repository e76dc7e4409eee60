"""Hyperparameters that make typed ranges.

The class of a hyperparameter is how it can be tuned: one with an order has `between`, one without has `one_of`, one
that cannot be tuned has neither. So a wrong range is an error of the type checker, and an AttributeError at run time.
What is documented about each stands in the algorithm's facts; a class that disagrees with them cannot be imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from constructs_lib.ranges import CategoricalRange, ContinuousRange, IntegerRange, ParameterRange, Scaling
from infra.handlers.algorithms import facts

if TYPE_CHECKING:
    from constructs_lib.algorithms.algorithm import Algorithm


class HyperParameter:
    """A hyperparameter that cannot be tuned, as an attribute of its algorithm's class.

    The attribute's name is the hyperparameter's; an underscore at its end is left out, as in ``XGBoost.lambda_``.

    Attributes:
        documented: its type, valid values, default and the rest of what the algorithm's documentation says.
    """

    documented: facts.HyperParameter
    _kind: ClassVar[type[facts.HyperParameter]] = facts.HyperParameter

    def __set_name__(self, owner: type[Algorithm], name: str) -> None:
        known = owner.facts.hyper_parameters
        documented = known.get(name.rstrip("_"))
        if type(documented) is not self._kind:
            raise TypeError(f"{owner.__name__}.{name} must be documented as {self._kind.__name__}, got {documented}")
        self.documented = documented

    @property
    def name(self) -> str:
        """Its name in the API."""
        return self.documented.name


class TunableHyperParameter(HyperParameter):
    """A hyperparameter that can be tuned."""

    def recommended_range(self) -> ParameterRange | None:
        """The documented range; None if there is none."""
        return recommended_range(self.documented)


class IntegerHyperParameter(TunableHyperParameter):
    """A whole number that is tuned over a range."""

    _kind: ClassVar[type[facts.HyperParameter]] = facts.Integer

    def between(self, min: float, max: float, *, scaling: Scaling | None = None) -> IntegerRange:  # noqa: A002
        """The range from ``min`` to ``max``, both included."""
        return IntegerRange(self.name, min=min, max=max, scaling=scaling)


class ContinuousHyperParameter(TunableHyperParameter):
    """A number that is tuned over a range."""

    _kind: ClassVar[type[facts.HyperParameter]] = facts.Continuous

    def between(self, min: float, max: float, *, scaling: Scaling | None = None) -> ContinuousRange:  # noqa: A002
        """The range from ``min`` to ``max``, both included."""
        return ContinuousRange(self.name, min=min, max=max, scaling=scaling)


class CategoricalHyperParameter(TunableHyperParameter):
    """A hyperparameter that is tuned over a set of values, be they words or numbers."""

    _kind: ClassVar[type[facts.HyperParameter]] = facts.Categorical

    def one_of(self, *values: str | float) -> CategoricalRange:
        """The range of these values."""
        return CategoricalRange(self.name, values=values)


def recommended_range(documented: facts.HyperParameter) -> ParameterRange | None:
    """The documented range of a hyperparameter; None if there is none, or it cannot be tuned."""
    if isinstance(documented, facts.Categorical) and documented.recommended is not None:
        return CategoricalRange(documented.name, values=documented.recommended)
    if isinstance(documented, facts.Numeric) and documented.recommended is not None:
        low, high = documented.recommended
        kind = IntegerRange if isinstance(documented, facts.Integer) else ContinuousRange
        return kind(documented.name, min=low, max=high)
    return None
