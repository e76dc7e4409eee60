"""Where a tuning job searches: one range for each hyperparameter that it tunes.

A range knows the hyperparameter's name, so a search space is a plain list: ranges that an algorithm has made
(``Seq2Seq.learning_rate.between(1e-4, 1e-2)``) stand beside ranges written by hand (``IntegerRange("depth", ...)``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from aws_cdk import IResolvable

from constructs_lib._fields import TEXT, TEXTS, PropTypeError, choice, member, parts


class Scaling(Enum):
    """How a numeric range is searched."""

    AUTO = "Auto"
    LINEAR = "Linear"
    LOGARITHMIC = "Logarithmic"
    """For ranges over several orders of magnitude; the minimum is above 0."""
    REVERSE_LOGARITHMIC = "ReverseLogarithmic"
    """For values near 1, such as a momentum; continuous ranges with 0 <= min and max < 1."""


@dataclass(frozen=True)
class IntegerRange:
    """Whole numbers from ``min`` to ``max``, both included.

    >>> IntegerRange("num_layers_encoder", min=1, max=4).max
    4

    Attributes:
        name: the hyperparameter's name.
        min: lowest value, less than ``max``. A string is sent as it stands.
        max: highest value.
        scaling: how the range is searched. Default: None, which the service takes as automatic.
    """

    name: str = member("Name", kw_only=False)
    min: float | str = member("MinValue", TEXT)
    max: float | str = member("MaxValue", TEXT)
    scaling: Scaling | IResolvable | None = member("ScalingType", choice(Scaling), default=None)


@dataclass(frozen=True)
class ContinuousRange:
    """Numbers from ``min`` to ``max``; they travel without loss, as the shortest decimal string.

    >>> ContinuousRange("learning_rate", min=5e-05, max=0.2, scaling=Scaling.LOGARITHMIC).min
    5e-05

    Attributes:
        name: the hyperparameter's name.
        min: lowest value, less than ``max``. A string is sent as it stands.
        max: highest value.
        scaling: how the range is searched. Default: None, which the service takes as automatic.
    """

    name: str = member("Name", kw_only=False)
    min: float | str = member("MinValue", TEXT)
    max: float | str = member("MaxValue", TEXT)
    scaling: Scaling | IResolvable | None = member("ScalingType", choice(Scaling), default=None)


@dataclass(frozen=True)
class CategoricalRange:
    """One of 1-30 distinct values, without an order.

    Attributes:
        name: the hyperparameter's name.
        values: the values, each at most 256 characters as text; numbers and booleans are written as the API's strings.
    """

    name: str = member("Name", kw_only=False)
    values: Sequence[str | float] = member("Values", TEXTS)


@dataclass(frozen=True)
class AutoParameter:
    """A hyperparameter whose range Autotune finds.

    Attributes:
        name: the hyperparameter's name.
        value_hint: an example of a value of its type.
    """

    name: str = member("Name", kw_only=False)
    value_hint: str | float = member("ValueHint", TEXT)


ParameterRange = IntegerRange | ContinuousRange | CategoricalRange | AutoParameter


@dataclass(frozen=True)
class ParameterRanges:
    """The ranges by kind, as the API holds them; a plain list of ranges means the same.

    Attributes:
        integer: whole-number ranges. Default: None.
        continuous: continuous ranges. Default: None.
        categorical: categorical ranges. Default: None.
        auto: hyperparameters whose ranges Autotune finds. Default: None.
    """

    integer: Sequence[IntegerRange] | None = member(
        "IntegerParameterRanges", parts(IntegerRange, fixed=True), default=None
    )
    continuous: Sequence[ContinuousRange] | None = member(
        "ContinuousParameterRanges", parts(ContinuousRange, fixed=True), default=None
    )
    categorical: Sequence[CategoricalRange] | None = member(
        "CategoricalParameterRanges", parts(CategoricalRange), default=None
    )
    auto: Sequence[AutoParameter] | None = member("AutoParameters", parts(AutoParameter), default=None)

    @classmethod
    def of(cls, ranges: Iterable[ParameterRange]) -> ParameterRanges:
        """The same ranges sorted by kind; a kind without ranges is left out."""
        every = list(ranges)
        for entry in every:
            if not isinstance(entry, ParameterRange):
                got = getattr(entry, "name", entry)
                text = "must hold ranges, such as Seq2Seq.learning_rate.between(1e-4, 1e-2)"
                raise PropTypeError("", f"{text}, got {got!r} without one")
        integer = [entry for entry in every if isinstance(entry, IntegerRange)]
        continuous = [entry for entry in every if isinstance(entry, ContinuousRange)]
        categorical = [entry for entry in every if isinstance(entry, CategoricalRange)]
        auto = [entry for entry in every if isinstance(entry, AutoParameter)]
        return cls(
            integer=integer if integer else None,
            continuous=continuous if continuous else None,
            categorical=categorical if categorical else None,
            auto=auto if auto else None,
        )
