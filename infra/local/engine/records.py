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

    @property
    def config(self) -> Request:
        """`HyperParameterTuningJobConfig`."""
        config: Request = self.request["HyperParameterTuningJobConfig"]
        return config

    @property
    def definition(self) -> Request:
        """`TrainingJobDefinition`."""
        definition: Request = self.request["TrainingJobDefinition"]
        return definition

    @property
    def objective(self) -> tuple[str, bool]:
        """The objective metric's name, and whether it is to be maximised."""
        objective = self.config["HyperParameterTuningJobObjective"]
        return objective["MetricName"], objective["Type"] == "Maximize"


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
class MetricValue:
    """One value that a metric's regex has matched in the log."""

    name: str
    value: float
    """Not a number where the program printed one that is not finite."""
    offset: int
    """Where the line begins in the log, in bytes: the order of the values."""
    time: float
