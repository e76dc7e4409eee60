"""Training programs, and what they know about themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Protocol, runtime_checkable

from aws_cdk import IResolvable

from constructs_lib._fields import Codec
from constructs_lib._tokens import is_unresolved
from constructs_lib.algorithms.hyper_parameters import recommended_range
from constructs_lib.channel import InputMode
from constructs_lib.objective import ObjectiveType
from constructs_lib.ranges import ParameterRange
from infra.handlers.algorithms import CUSTOM, AlgorithmFacts
from infra.handlers.algorithms.facts import Categorical, HyperParameter


@runtime_checkable
class TrainingImage(Protocol):
    """A container image that trains."""

    @property
    def image_uri(self) -> str:
        """Its full name with tag or digest."""
        ...


@dataclass(frozen=True)
class Algorithm:
    """A training program, of which nothing is known beyond what is said here.

    `Seq2Seq` and `XGBoost` know themselves, so that a declaration with them is checked much further. `CustomAlgorithm`
    is for a program of your own.

    Attributes:
        image: the image, as a construct or its full name. Default: None, with ``algorithm_name`` instead.
        training_input_mode: how data reaches the program. Default: ``InputMode.FILE``.
        metric_definitions: regular expressions, by metric name, that find each metric in the log; each has one capture
            group. Default: None, as AWS's own algorithms need none.
        algorithm_name: name or ARN of an algorithm resource or a subscription of the marketplace. Default: None.
    """

    image: TrainingImage | str | None = None
    training_input_mode: InputMode | IResolvable = field(default=InputMode.FILE, kw_only=True)
    metric_definitions: Mapping[str, str] | None = field(default=None, kw_only=True)
    algorithm_name: str | None = field(default=None, kw_only=True)

    facts: ClassVar[AlgorithmFacts] = AlgorithmFacts("Algorithm")
    """What is documented; a class that says its facts has the next four from there."""
    repositories: ClassVar[tuple[str, ...]] = ()
    metrics: ClassVar[Mapping[str, ObjectiveType]] = {}
    required_channels: ClassVar[tuple[str, ...]] = ()
    channels: ClassVar[Mapping[str, tuple[str, ...]]] = {}  # name to content types

    own_metric_definitions: ClassVar[Mapping[str, str]] = {}  # for images that are not AWS's, as `metric_definitions`
    publishers: ClassVar[frozenset[str]] = frozenset()  # AWS's accounts that publish the image

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if "facts" in vars(cls):
            cls.repositories = cls.facts.repositories
            cls.metrics = {name: ObjectiveType(direction) for name, direction in cls.facts.metrics.items()}
            cls.required_channels = cls.facts.required_channels
            cls.channels = cls.facts.channels

    @property
    def image_uri(self) -> str | None:
        """The image's full name; None if the algorithm is given by name."""
        return self.image if self.image is None or isinstance(self.image, str) else self.image.image_uri

    @property
    def used_metric_definitions(self) -> Mapping[str, str] | None:
        """The metric definitions given, or the algorithm's own ones for an image construct that is not AWS's."""
        # An image that is given by its name comes from a request, say, and such a declaration stays as it is.
        is_own_image = getattr(self.image, "is_built_in", True) is False
        if self.metric_definitions is None and self.own_metric_definitions and is_own_image:
            return self.own_metric_definitions
        return self.metric_definitions

    @property
    def is_built_in(self) -> bool | None:
        """Whether the image is AWS's own, whose metrics the service knows; None if that is not known."""
        found = getattr(self.image, "is_built_in", None)
        if isinstance(found, bool) or not isinstance(self.image, str) or is_unresolved(self.image):
            return found if isinstance(found, bool) else None
        return self.image.split(".", 1)[0] in self.publishers

    @classmethod
    def hyper_parameters(cls) -> Mapping[str, HyperParameter]:
        """What is documented about each hyperparameter, by name; empty if the algorithm is not known."""
        return cls.facts.hyper_parameters

    @classmethod
    def recommended_ranges(cls, static: Mapping[str, str] | None = None) -> list[ParameterRange]:
        """The documented ranges of all tunable hyperparameters that have an effect and are not static.

        With ``static`` hyperparameters, such as ``{"encoder_type": "cnn"}``, those count before the defaults.
        """
        return list(_recommended_ranges(cls.facts, () if static is None else tuple(static.items())))


@dataclass(frozen=True)
class CustomAlgorithm(Algorithm):
    """A training program of your own; ``metric_definitions`` say how to find its metrics in the log.

    >>> CustomAlgorithm(
    ...     "123456789012.dkr.ecr.eu-central-1.amazonaws.com/mine:1", metric_definitions={"loss": "loss=([0-9.]+)"}
    ... ).facts.needs_metric_definitions
    True

    Attributes:
        image: the image, as a construct or its full name. Default: None, with ``algorithm_name`` instead.
        training_input_mode: how data reaches the program. Default: ``InputMode.FILE``.
        metric_definitions: regular expressions by metric name. Default: None.
        algorithm_name: name or ARN of an algorithm resource. Default: None.
    """

    facts: ClassVar[AlgorithmFacts] = CUSTOM


@cache  # jobs by the hundred may ask, and ranges do not change
def _recommended_ranges(facts: AlgorithmFacts, static: tuple[tuple[str, str], ...]) -> tuple[ParameterRange, ...]:
    given = dict(static)
    found = [
        recommended_range(parameter)
        for name, parameter in facts.hyper_parameters.items()
        if name not in given and _may_apply(facts, parameter, given)
    ]
    return tuple(each for each in found if each is not None)


def _may_apply(facts: AlgorithmFacts, parameter: HyperParameter, static: Mapping[str, str]) -> bool:
    for name, values in parameter.applies_to.items():
        switch = facts.hyper_parameters[name]
        if name in static:
            possible = {static[name]}
        elif isinstance(switch, Categorical) and switch.recommended is not None:
            possible = {str(value) for value in switch.recommended}
        else:
            possible = {str(switch.default)}
        if possible & set(values):
            return True
    return not parameter.applies_to


_KNOWN: list[type[Algorithm]] = []


def known(kind: type[Algorithm]) -> type[Algorithm]:
    """Registers an algorithm that is recognised by its image when a request is read."""
    _KNOWN.append(kind)
    return kind


def repository(image: str) -> str:
    """The last part of an image's name without tag or digest."""
    return image.rsplit("/", 1)[-1].split("@", 1)[0].split(":", 1)[0]


def _encode(algorithm: Algorithm) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if algorithm.image is not None:
        result["TrainingImage"] = algorithm.image_uri
    # None only where a request that says nothing was read: the rules report it.
    if algorithm.training_input_mode is not None:
        mode = algorithm.training_input_mode
        result["TrainingInputMode"] = mode.value if isinstance(mode, InputMode) else mode
    if algorithm.algorithm_name is not None:
        result["AlgorithmName"] = algorithm.algorithm_name
    definitions = algorithm.used_metric_definitions
    if definitions is not None:
        entries = definitions.items()
        result["MetricDefinitions"] = [{"Name": name, "Regex": regex} for name, regex in entries]
    return result


def _decode(structure: Any) -> Algorithm:
    image = structure.get("TrainingImage")
    definitions = structure.get("MetricDefinitions")
    mode = structure["TrainingInputMode"]
    given = None if definitions is None else {entry["Name"]: entry["Regex"] for entry in definitions}
    return _kind_of(image, given)(
        image,
        training_input_mode=mode if is_unresolved(mode) else InputMode(mode),
        algorithm_name=structure.get("AlgorithmName"),
        metric_definitions=given,
    )


def _kind_of(image: Any, definitions: Mapping[str, str] | None) -> type[Algorithm]:
    """What a request's algorithm is, as far as that is sure: an image of somebody's own may have any name."""
    defined: Mapping[str, str] = {} if definitions is None else definitions
    if isinstance(image, str) and not is_unresolved(image):
        for kind in _KNOWN:
            own = kind.own_metric_definitions
            is_program_of_ours = bool(own) and own.items() <= defined.items()
            is_of_aws = image.split(".", 1)[0] in kind.publishers
            if repository(image) in kind.repositories and (is_of_aws or is_program_of_ours):
                return kind
    return CustomAlgorithm if defined else Algorithm


ALGORITHM = Codec(_encode, _decode, Algorithm)
