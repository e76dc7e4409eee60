"""What the engine knows about jobs: plain records, as the store keeps them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

Request = dict[str, Any]
"""A request or a part of one, in the API's own terms and JSON types."""

TuningStatus = Literal["InProgress", "Completed", "Failed", "Stopping", "Stopped"]
TrainingStatus = Literal["InProgress", "Completed", "Failed", "Stopping", "Stopped"]
ObjectiveStatus = Literal["Succeeded", "Pending", "Failed"]

TERMINAL = frozenset({"Completed", "Failed", "Stopped"})
"""Statuses that a job never leaves."""


@dataclass(frozen=True)
class Definition:
    """One of a tuning job's training job definitions, in the same form whether the job has one or several."""

    request: Request
    """The HyperParameterTrainingJobDefinition."""
    objective: Request
    """MetricName and Type; from the definition itself, or from the tuning job's configuration if it is the only one."""
    ranges: Request
    """ParameterRanges, likewise."""

    @property
    def name(self) -> str | None:
        """DefinitionName."""
        return self.request.get("DefinitionName")

    @property
    def metric(self) -> str:
        """The objective metric's name."""
        name: str = self.objective["MetricName"]
        return name

    @property
    def maximize(self) -> bool:
        """Whether the objective is to be maximised."""
        return bool(self.objective["Type"] == "Maximize")

    @property
    def static(self) -> dict[str, str]:
        """The static hyperparameters of the request."""
        static: dict[str, str] = self.request.get("StaticHyperParameters", {})
        return static


@dataclass(frozen=True)
class ParentTrial:
    """A parent's training job as a warm start uses it; kept with the child, so that the parent may be deleted."""

    tuning_job: str
    training_job: str
    hyperparameters: dict[str, str]
    """All of them, static ones too: what was static may be tuned now."""
    value: float


@dataclass(frozen=True)
class TuningJob:
    """A tuning job. Times are seconds since the epoch."""

    name: str
    arn: str
    request: Request
    """The CreateHyperParameterTuningJob request, tags aside."""
    seed: int
    """The request's RandomSeed, or the one drawn when the job was created."""
    status: TuningStatus
    created: float
    modified: float
    ended: float | None = None
    failure_reason: str | None = None
    ending: TuningStatus | None = None
    """The status that the job gets once the training jobs in flight have ended; decided once, never changed."""
    parents: tuple[ParentTrial, ...] = ()
    """What a warm start begins with: the parents' training jobs that have an objective value."""

    @property
    def config(self) -> Request:
        """`HyperParameterTuningJobConfig`."""
        config: Request = self.request["HyperParameterTuningJobConfig"]
        return config

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The training job definitions, in the order of the request."""
        single = self.request.get("TrainingJobDefinition")
        if single is not None:
            objective = self.config.get("HyperParameterTuningJobObjective") or single["TuningObjective"]
            ranges = self.config.get("ParameterRanges") or single.get("HyperParameterRanges", {})
            return (Definition(single, objective, ranges),)
        several = self.request["TrainingJobDefinitions"]
        return tuple(Definition(d, d["TuningObjective"], d.get("HyperParameterRanges", {})) for d in several)

    def definition_of(self, training_job: TrainingJob) -> Definition:
        """The definition that a training job of this tuning job was made from."""
        return next(d for d in self.definitions if d.name == training_job.definition or len(self.definitions) == 1)

    @property
    def autotune(self) -> bool:
        """Whether Autotune is on."""
        return "Autotune" in self.request

    @property
    def warm_start_type(self) -> str | None:
        """WarmStartType; None without a warm start."""
        kind: str | None = self.request.get("WarmStartConfig", {}).get("WarmStartType")
        return kind


@dataclass(frozen=True)
class TrainingJob:
    """A training job, of a tuning job or on its own. Times are seconds since the epoch."""

    name: str
    arn: str
    request_json: str
    """The request as JSON text: lists of many jobs never parse it."""
    status: TrainingStatus
    secondary_status: str
    created: float
    modified: float
    tuning_job: str | None = None
    tuning_job_arn: str | None = None
    number: int | None = None
    """Counts from 1 within the tuning job."""
    definition: str | None = None
    """The name of its definition in the tuning job, where that has one."""
    tuned: dict[str, str] = field(default_factory=dict)
    """The tuned hyperparameters alone, as strings."""
    started: float | None = None
    ended: float | None = None
    failure_reason: str | None = None
    objective_value: float | None = None
    objective_status: ObjectiveStatus | None = None
    attempt: int = 1
    """Counts from 1; a job that was lost with the engine is run again."""
    lost: int = 0
    """How many attempts were lost; those that `close` interrupted do not count."""
    interrupted: bool = False
    """Whether `close` has ended the present attempt, so that it is to be run again."""
    stop_reason: str | None = None
    """Why the engine stops the job: by request, early stopping, or the end of the tuning job."""

    @property
    def request(self) -> Request:
        """A CreateTrainingJob request, tags aside, with all hyperparameters merged."""
        request: Request = json.loads(self.request_json)
        return request


@dataclass(frozen=True)
class Transition:
    """An entry of SecondaryStatusTransitions."""

    status: str
    started: float
    ended: float | None
    message: str


@dataclass(frozen=True)
class StateChange:
    """A status that a job has taken on, to be told to others."""

    id: int
    kind: Literal["tuning", "training"]
    name: str
    status: str
    secondary_status: str | None
    time: float


@dataclass(frozen=True)
class Publication:
    """How far a training job's log and metric values have been published."""

    training_job: str
    attempt: int = 1
    stream: str | None = None
    """The log stream of this attempt; None before its first line."""
    log_offset: int = 0
    metric_offset: int = -1
    done: bool = False
    """Whether the job has ended and all of it is published."""


@dataclass(frozen=True)
class MetricValue:
    """One value that a metric's regex has matched in the log."""

    name: str
    value: float
    """Not a number where the program printed one that is not finite."""
    offset: int
    """Where the line begins in the log, in bytes: the order of the values."""
    time: float
