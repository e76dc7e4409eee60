"""A request as rules look at it: taken apart once for all of them, each part with the public name of its prop."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from ..algorithms import AlgorithmFacts
from ..numbers import number
from ..remembered import exactly
from ._registry import quoted

RANGE_LISTS: Final[Mapping[str, str]] = {
    "IntegerParameterRanges": "integer",
    "ContinuousParameterRanges": "continuous",
    "CategoricalParameterRanges": "categorical",
    "AutoParameters": "auto",
}
HYPERBAND_RESOURCES: Final = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
_NOTHING: Final[Mapping[str, Any]] = {}

Algorithms = Mapping[str | None, AlgorithmFacts]
"""What is known of the algorithm of each definition, by its name; of a single one by None."""

NO_ALGORITHMS: Final[Algorithms] = {}


class Range:
    """One entry of the parameter ranges.

    Attributes:
        kind: ``integer``, ``continuous``, ``categorical`` or ``auto``.
        entry: as it stands in the request.
        name: the hyperparameter's name.
        bounds: both bounds as numbers; None if one is not known yet or is no number.
    """

    def __init__(self, kind: str, entry: Mapping[str, Any], owner: str) -> None:
        self.kind = kind
        self.entry = entry
        self.name: Any = entry.get("Name")
        self._owner = owner
        low, high = known_number(entry.get("MinValue")), known_number(entry.get("MaxValue"))
        self.bounds = None if low is None or high is None else (low, high)

    @property
    def prop(self) -> str:
        """Where it stands, such as ``ranges["learning_rate"]``."""
        return f"{self._owner}ranges[{quoted(self.name)}]"


class Definition:
    """A training job definition with the objective and ranges that count for it.

    Attributes:
        request: as it stands in the request.
        name: its name in a list of definitions; None for a single one.
        at: prefix of its props.
        owner: prefix of its objective and ranges: with a single definition these stand at the job itself.
        objective: the objective that counts for it.
        static: its static hyperparameters.
        algorithm: what is known of its algorithm.
    """

    def __init__(
        self,
        request: Mapping[str, Any],
        *,
        name: Any = None,
        at: str,
        owner: str,
        objective: Any,
        ranges: Any,
        algorithm: AlgorithmFacts | None = None,
    ) -> None:
        self.request = request
        self.name = name
        self.at = at
        self.owner = owner
        self.objective = objective
        self._ranges = mapping(ranges)
        self.static = mapping(request.get("StaticHyperParameters"))
        self.algorithm = algorithm

    @cached_property
    def ranges(self) -> list[Range]:
        """All its ranges, whatever their kind."""
        lists = [(kind, self._ranges[member]) for member, kind in RANGE_LISTS.items() if member in self._ranges]
        return [Range(kind, entry, self.owner) for kind, entries in lists for entry in items(entries)]

    @cached_property
    def search_space(self) -> Hashable | None:
        """What tells its ranges, static hyperparameters, objective, algorithm and props from others'."""
        text = exactly([self._ranges, self.static, self.objective, self.at, self.owner])
        return None if text is None else (self.algorithm, text)

    @cached_property
    def ranges_by_name(self) -> Mapping[str, Range]:
        """The first range of each hyperparameter whose name is known."""
        return {entry.name: entry for entry in reversed(self.ranges) if isinstance(entry.name, str)}


class Job:
    """A tuning job's request.

    Attributes:
        request: as boto3 takes it.
        config: its HyperParameterTuningJobConfig, empty if there is none.
        limits: its resource limits, empty if there are none.
        definitions: every training job definition.
    """

    def __init__(self, request: Mapping[str, Any], algorithms: Algorithms = NO_ALGORITHMS) -> None:
        self.request = request
        self.config = mapping(request.get("HyperParameterTuningJobConfig"))
        self.limits = mapping(self.config.get("ResourceLimits"))
        self.definitions = list(self._definitions(algorithms))

    def _definitions(self, algorithms: Algorithms) -> Iterator[Definition]:
        single = self.request.get("TrainingJobDefinition")
        if isinstance(single, Mapping):
            objective = self.config.get("HyperParameterTuningJobObjective")
            ranges = self.config.get("ParameterRanges")
            yield Definition(
                single,
                at="training_job_definition.",
                owner="",
                objective=objective,
                ranges=ranges,
                algorithm=algorithms.get(None),
            )
        for index, entry in enumerate(items(self.request.get("TrainingJobDefinitions"))):
            at = f"training_job_definitions[{quoted(entry.get('DefinitionName', index))}]."
            objective, ranges = entry.get("TuningObjective"), entry.get("HyperParameterRanges")
            name = entry.get("DefinitionName")
            algorithm = algorithms.get(name) if isinstance(name, str) else None
            yield Definition(entry, name=name, at=at, owner=at, objective=objective, ranges=ranges, algorithm=algorithm)


def definitions(request: Mapping[str, Any]) -> list[Definition]:
    """Every training job definition of a request."""
    return Job(request).definitions


def fleets(definition: Definition) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All places that say which instances train, each with the prefix of its props."""
    plain = mapping(definition.request.get("ResourceConfig"))
    flexible = mapping(definition.request.get("HyperParameterTuningResourceConfig"))
    yield "", plain
    yield "tuning_resource_config.", flexible
    for owner, prop, member in (
        (plain, "instance_groups", "InstanceGroups"),
        (plain, "instance_preferences", "InstancePreferences"),
        (flexible, "tuning_resource_config.instance_configs", "InstanceConfigs"),
    ):
        for index, entry in enumerate(items(owner.get(member))):
            yield f"{prop}[{index}].", entry


def is_instance_type(name: str) -> bool:
    """Whether it is written as SageMaker's instance types are, such as ``ml.g5.xlarge``; new ones come every month."""
    return name.startswith("ml.") and name.count(".") == 2


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a structure, else an empty one: the model's own rule reports what is not."""
    return value if isinstance(value, Mapping) else _NOTHING


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
