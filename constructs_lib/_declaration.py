"""A whole tuning job as declared: what the construct's props say, and the request that they stand for.

This is the one place between declaration and template's contents; `_render` puts the request into a stack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_cdk import IResolvable
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from constructs_lib._fields import WHOLE, Codec, choice, decode, encode, member, pairs, part
from constructs_lib._job import IHyperParameterTuningJob
from constructs_lib.definition import RANGES, TrainingJobDefinition
from constructs_lib.limits import ResourceLimits, TuningJobCompletionCriteria
from constructs_lib.objective import Objective
from constructs_lib.ranges import ParameterRange, ParameterRanges
from constructs_lib.strategy import EarlyStoppingType, Strategy, StrategyConfig, WarmStartConfig
from infra.handlers.rules import Algorithms

_CONFIG = "HyperParameterTuningJobConfig"


def _definition(definition: TrainingJobDefinition) -> dict[str, Any]:
    if not isinstance(definition, TrainingJobDefinition):
        raise TypeError
    # The API wants a stopping condition, be it an empty one.
    return {"StoppingCondition": {}, **encode(definition)}


def _autotune(on: bool) -> dict[str, str] | None:
    if not isinstance(on, bool):
        raise TypeError
    return {"Mode": "Enabled"} if on else None


_DEFINITION = Codec(_definition, lambda item: decode(TrainingJobDefinition, item), TrainingJobDefinition)
_DEFINITIONS = Codec(
    lambda values: [_definition(value) for value in values],
    lambda items: [decode(TrainingJobDefinition, item) for item in items],
    TrainingJobDefinition,
)
_AUTOTUNE = Codec(_autotune, lambda structure: structure["Mode"] == "Enabled")


@dataclass(frozen=True)
class Declaration:
    """The props of a tuning job; `HyperParameterTuningJob` documents them."""

    strategy: Strategy | IResolvable = member(f"{_CONFIG}.Strategy", choice(Strategy))
    resource_limits: ResourceLimits = member(f"{_CONFIG}.ResourceLimits", part(ResourceLimits))
    objective: Objective | None = member(f"{_CONFIG}.HyperParameterTuningJobObjective", part(Objective), default=None)
    ranges: Sequence[ParameterRange] | ParameterRanges | None = member(
        f"{_CONFIG}.ParameterRanges", RANGES, default=None
    )
    training_job_definition: TrainingJobDefinition | None = member("TrainingJobDefinition", _DEFINITION, default=None)
    training_job_definitions: Sequence[TrainingJobDefinition] | None = member(
        "TrainingJobDefinitions", _DEFINITIONS, default=None
    )
    strategy_config: StrategyConfig | None = member(f"{_CONFIG}.StrategyConfig", part(StrategyConfig), default=None)
    training_job_early_stopping_type: EarlyStoppingType | IResolvable | None = member(
        f"{_CONFIG}.TrainingJobEarlyStoppingType", choice(EarlyStoppingType), default=None
    )
    tuning_job_completion_criteria: TuningJobCompletionCriteria | None = member(
        f"{_CONFIG}.TuningJobCompletionCriteria", part(TuningJobCompletionCriteria), default=None
    )
    random_seed: float | None = member(f"{_CONFIG}.RandomSeed", WHOLE, default=None)
    warm_start_config: WarmStartConfig | None = member("WarmStartConfig", part(WarmStartConfig), default=None)
    autotune: bool | None = member("Autotune", _AUTOTUNE, default=None)
    tags: Mapping[str, str] | None = member("Tags", pairs("Key", "Value"), default=None)

    def request(self) -> dict[str, Any]:
        """The request without the job's name; tokens stand in it as they are."""
        request = encode(self)
        if request.get("Autotune", {}) is None:  # autotune=False says what leaving it out says
            del request["Autotune"]
        return request

    def definitions(self) -> list[TrainingJobDefinition]:
        """The single definition or all of the list."""
        if self.training_job_definition is not None:
            return [self.training_job_definition]
        return [] if self.training_job_definitions is None else list(self.training_job_definitions)

    def algorithms(self) -> Algorithms:
        """What is known of each definition's algorithm, by the definition's name; of a single one by None."""
        if self.training_job_definition is not None:
            return {None: self.training_job_definition.algorithm.facts}
        return {each.definition_name: each.algorithm.facts for each in self.definitions()}

    def parents(self) -> Sequence[IHyperParameterTuningJob | str]:
        """The jobs that this one starts from."""
        return () if self.warm_start_config is None else self.warm_start_config.parents

    def objectives(self) -> list[Objective | None]:
        """The objective that counts for each definition."""
        if self.training_job_definition is not None:
            return [self.objective]
        return [definition.objective for definition in self.definitions()]

    def roles(self) -> list[iam.IRole | str]:
        """Each distinct training role once."""
        roles = [definition.role for definition in self.definitions()]
        return list({role if isinstance(role, str) else id(role): role for role in roles}.values())

    def buckets(self) -> list[s3.IBucket]:
        """The buckets of all channels and outputs that were given as constructs, each once."""
        found: list[s3.IBucket] = []
        for definition in self.definitions():
            channels = {} if definition.channels is None else definition.channels
            sources = [channel.bucket for channel in channels.values()]
            found += [bucket for bucket in [*sources, definition.output_data_config.bucket] if bucket is not None]
        return list({id(bucket): bucket for bucket in found}.values())

    def with_role(self, role: iam.IRole) -> Declaration:
        """The same with one role for all definitions."""
        single, several = self.training_job_definition, self.training_job_definitions
        return replace(
            self,
            training_job_definition=None if single is None else replace(single, role=role),
            training_job_definitions=None if several is None else [replace(each, role=role) for each in several],
        )

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> Declaration:
        """The declaration that a request stands for; the request keeps all rules."""
        return decode(cls, request)
