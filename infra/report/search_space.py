"""The search space of a tuning job: its ranges, and how the values of a hyperparameter are read and scaled."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Value = int | float | str
"""The value of a hyperparameter: SageMaker hands all of them over as strings, the range says what they are."""


class RangeKind(StrEnum):
    """What values a hyperparameter takes, in SageMaker's words."""

    INTEGER = "Integer"
    CONTINUOUS = "Continuous"
    CATEGORICAL = "Categorical"
    AUTO = "Auto"


class Scale(StrEnum):
    """The axis on which equal steps mean equally much to the search."""

    LINEAR = "linear"
    LOGARITHMIC = "logarithmic"
    REVERSE_LOGARITHMIC = "reverse logarithmic"
    CATEGORIES = "categories"


AUTO_LOGARITHMIC_RATIO = 100
"""From this ratio of maximum to minimum on, a range with scaling Auto is drawn on a logarithmic axis."""


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """A tuned hyperparameter and the range that it is searched in.

    ``minimum`` and ``maximum`` are None for categories, and for a range that the service chooses itself (Autotune).
    """

    name: str
    kind: RangeKind
    minimum: float | None = None
    maximum: float | None = None
    scaling: str = "Auto"
    categories: tuple[str, ...] = ()

    @property
    def scale(self) -> Scale:
        """The axis for this range; a logarithmic scaling counts only where a logarithm exists."""
        if self.kind is RangeKind.CATEGORICAL:
            return Scale.CATEGORIES
        if self.minimum is None or self.maximum is None:
            return Scale.LINEAR
        if self.scaling == "Logarithmic" and self.minimum > 0:
            return Scale.LOGARITHMIC
        if self.scaling == "ReverseLogarithmic" and self.minimum >= 0 and self.maximum < 1:
            return Scale.REVERSE_LOGARITHMIC
        wide = self.minimum > 0 and self.maximum / self.minimum >= AUTO_LOGARITHMIC_RATIO
        return Scale.LOGARITHMIC if self.scaling == "Auto" and wide else Scale.LINEAR

    def value(self, text: str) -> Value:
        """Read a value as the range means it; a text that is not such a number stays a text."""
        try:
            if self.kind is RangeKind.INTEGER:
                return int(text)
            if self.kind in (RangeKind.CONTINUOUS, RangeKind.AUTO):
                return float(text)
        except ValueError:
            return text
        return unquoted(text)


def unquoted(text: str) -> str:
    """Take the quotes off a value in JSON form, which is how the SageMaker SDK hands strings to framework images."""
    if len(text) >= 2 and text.startswith('"') and text.endswith('"'):
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def search_space(definitions: Iterable[Mapping[str, Any]], ranges: Mapping[str, Any]) -> tuple[Hyperparameter, ...]:
    """Collect the tuned hyperparameters of a tuning job.

    Args:
        definitions: the training job definitions, whose ``HyperParameterRanges`` count where there are several.
        ranges: ``ParameterRanges`` of the tuning job's configuration.

    A name that several definitions tune is one hyperparameter here, with the range that covers all of theirs.
    """
    found: dict[str, Hyperparameter] = {}
    for given in [ranges, *(definition.get("HyperParameterRanges", {}) for definition in definitions)]:
        for one in _hyperparameters(given):
            found[one.name] = _covering(found[one.name], one) if one.name in found else one
    return tuple(found.values())


def _hyperparameters(ranges: Mapping[str, Any]) -> Iterable[Hyperparameter]:
    for kind in (RangeKind.INTEGER, RangeKind.CONTINUOUS):
        for given in ranges.get(f"{kind}ParameterRanges", []):
            yield Hyperparameter(
                name=given["Name"],
                kind=kind,
                minimum=float(given["MinValue"]),
                maximum=float(given["MaxValue"]),
                scaling=given.get("ScalingType", "Auto"),
            )
    for given in ranges.get("CategoricalParameterRanges", []):
        categories = tuple(unquoted(text) for text in given["Values"])
        yield Hyperparameter(name=given["Name"], kind=RangeKind.CATEGORICAL, categories=categories)
    for given in ranges.get("AutoParameters", []):
        yield Hyperparameter(name=given["Name"], kind=RangeKind.AUTO)


def _covering(first: Hyperparameter, second: Hyperparameter) -> Hyperparameter:
    if first.kind is RangeKind.CATEGORICAL or second.kind is RangeKind.CATEGORICAL:
        categories = tuple(dict.fromkeys(first.categories + second.categories))
        return Hyperparameter(name=first.name, kind=RangeKind.CATEGORICAL, categories=categories)
    bounded = [one for one in (first, second) if one.minimum is not None and one.maximum is not None]
    if not bounded:
        return first
    return Hyperparameter(
        name=first.name,
        kind=first.kind if first.kind is second.kind else RangeKind.CONTINUOUS,
        minimum=min(one.minimum for one in bounded if one.minimum is not None),
        maximum=max(one.maximum for one in bounded if one.maximum is not None),
        scaling=first.scaling if first.scaling == second.scaling else "Auto",
    )
