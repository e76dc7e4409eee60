"""The parts of a request that rules look at, each with the public name of its prop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from ..numbers import number

RANGE_LISTS: Final[Mapping[str, str]] = {
    "IntegerParameterRanges": "integer",
    "ContinuousParameterRanges": "continuous",
    "CategoricalParameterRanges": "categorical",
    "AutoParameters": "auto",
}
HYPERBAND_RESOURCES: Final = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")


@dataclass(frozen=True)
class Range:
    """One entry of the parameter ranges: its kind, its request form and where it stands."""

    kind: str
    entry: Mapping[str, Any]
    prop: str

    @property
    def name(self) -> Any:
        """The hyperparameter's name."""
        return self.entry.get("Name")

    def bounds(self) -> tuple[float, float] | None:
        """Both bounds as numbers; None if one is not known yet or is no number."""
        low, high = (known_number(self.entry.get(member)) for member in ("MinValue", "MaxValue"))
        return None if low is None or high is None else (low, high)


@dataclass(frozen=True)
class Definition:
    """A training job definition with the objective and ranges that count for it.

    ``at`` is the prefix of its props, ``owner`` the prefix of its objective and ranges: with a single definition these
    stand at the job itself.
    """

    request: Mapping[str, Any]
    at: str
    owner: str
    objective: Any
    parameter_ranges: Any

    def ranges(self) -> Iterator[Range]:
        """All ranges, whatever their kind."""
        return iter(self._ranges)

    @cached_property  # rules ask again and again
    def _ranges(self) -> list[Range]:
        given = mapping(self.parameter_ranges)
        return [
            Range(kind, entry, f"{self.owner}ranges[{quoted(entry.get('Name'))}]")
            for member, kind in RANGE_LISTS.items()
            for entry in items(given.get(member))
        ]

    @property
    def static(self) -> Mapping[str, Any]:
        """The static hyperparameters."""
        return mapping(self.request.get("StaticHyperParameters"))


def definitions(request: Mapping[str, Any]) -> Iterator[Definition]:
    """Every training job definition of a request."""
    config = mapping(request.get("HyperParameterTuningJobConfig"))
    single = request.get("TrainingJobDefinition")
    if isinstance(single, Mapping):
        objective, ranges = config.get("HyperParameterTuningJobObjective"), config.get("ParameterRanges")
        yield Definition(single, "training_job_definition.", "", objective, ranges)
    for index, entry in enumerate(items(request.get("TrainingJobDefinitions"))):
        at = f"training_job_definitions[{quoted(entry.get('DefinitionName', index))}]."
        yield Definition(entry, at, at, entry.get("TuningObjective"), entry.get("HyperParameterRanges"))


def config(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The HyperParameterTuningJobConfig of a request, empty if there is none."""
    return mapping(request.get("HyperParameterTuningJobConfig"))


def limits(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource limits of a request, empty if there are none."""
    return mapping(config(request).get("ResourceLimits"))


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a structure, else an empty one: the model's own rule reports what is not."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Mapping[str, Any]]:
    """The structures in a list; none if the list is not known yet."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def known_number(value: Any) -> float | None:
    """The number that a request's value stands for; None if it is not known yet or is no number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    return number(value) if isinstance(value, str) else None


def quoted(value: Any) -> str:
    """A name in double quotes, as people write it in Python."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)
