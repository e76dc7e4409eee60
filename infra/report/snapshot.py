"""A tuning job as it stands at one moment, read through the SageMaker API alone.

The same reading serves jobs on AWS and on the local AWS::

    snapshot = TuningJobSnapshot.read(boto3.client("sagemaker"), "seq2seq-3f9c2a")
    print(snapshot.best)
"""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from infra.report.missing import described
from infra.report.search_space import Hyperparameter, Value, search_space, unquoted

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

ENDED = frozenset({"Completed", "Failed", "Stopped", "DeleteFailed"})
RUNNING_DESCRIBED = 20
"""How many running training jobs are asked for their current objective: one call each, and the API throttles."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What the tuning job optimises."""

    metric: str
    direction: str

    @property
    def maximize(self) -> bool:
        """Whether more is better."""
        return self.direction == "Maximize"

    def better(self, one: float, other: float) -> bool:
        """Whether the first value beats the second."""
        return one > other if self.maximize else one < other


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """One training job of a tuning job. ``objective`` is None as long as it has emitted none."""

    name: str
    number: int
    status: str
    hyperparameters: Mapping[str, Value]
    created: datetime
    started: datetime | None = None
    ended: datetime | None = None
    objective: float | None = None
    objective_final: bool = False
    failure_reason: str | None = None
    definition: str | None = None

    @property
    def counts(self) -> bool:
        """Whether its objective is final and a number, so that it takes part in the comparison."""
        return self.objective_final and self.objective is not None and math.isfinite(self.objective)

    def elapsed(self, now: datetime) -> timedelta | None:
        """Training time so far, or None before it began."""
        if self.started is None:
            return None
        return max((self.ended if self.ended is not None else now) - self.started, timedelta(0))


@dataclass(frozen=True, kw_only=True)
class TuningJobSnapshot:
    """A tuning job with its training jobs, in the order of their numbers."""

    name: str
    arn: str
    status: str
    strategy: str
    objective: Objective
    created: datetime
    taken: datetime
    ended: datetime | None = None
    failure_reason: str | None = None
    hyperparameters: tuple[Hyperparameter, ...] = ()
    jobs: tuple[TrainingJob, ...] = ()
    description: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def read(
        cls, client: SageMakerClient, name: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> Self:
        """Read the tuning job called ``name``.

        Raises:
            TuningJobNotFoundError: there is none in this account and region; the error names the closest ones.
        """
        description = described(client, name)
        config = description["HyperParameterTuningJobConfig"]
        definitions = training_definitions(description)
        space = search_space(definitions, config.get("ParameterRanges", {}))
        pages = client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
            HyperParameterTuningJobName=name,
            SortBy="CreationTime",
            SortOrder="Ascending",
            PaginationConfig={"PageSize": 100},
        )
        summaries = [dict(summary) for page in pages for summary in page["TrainingJobSummaries"]]
        objective = _objective(config, definitions)
        jobs = [_training_job(summary, order, space) for order, summary in enumerate(summaries, start=1)]
        return cls(
            name=name,
            arn=description["HyperParameterTuningJobArn"],
            status=description["HyperParameterTuningJobStatus"],
            strategy=config["Strategy"],
            objective=objective,
            created=description["CreationTime"],
            taken=now(),
            ended=description.get("HyperParameterTuningEndTime"),
            failure_reason=description.get("FailureReason"),
            hyperparameters=space,
            jobs=tuple(
                sorted(_with_current(client, jobs, objective.metric), key=lambda job: (job.number, job.created))
            ),
            description=description,
        )

    @property
    def running(self) -> bool:
        """Whether the tuning job has not come to an end."""
        return self.status not in ENDED

    @property
    def elapsed(self) -> timedelta:
        """Time from the creation of the tuning job to its end, or to now."""
        return max((self.ended if self.ended is not None else self.taken) - self.created, timedelta(0))

    @functools.cached_property
    def compared(self) -> tuple[TrainingJob, ...]:
        """The training jobs with a final objective, best first."""
        sign = -1 if self.objective.maximize else 1
        return tuple(
            sorted(
                (job for job in self.jobs if job.counts), key=lambda job: (sign * _number(job.objective), job.number)
            )
        )

    @property
    def best(self) -> TrainingJob | None:
        """The training job with the best final objective so far."""
        return next(iter(self.compared), None)

    @property
    def worst(self) -> TrainingJob | None:
        """The training job with the worst final objective, if it is another than the best."""
        return self.compared[-1] if len(self.compared) > 1 else None

    @property
    def planned(self) -> int | None:
        """How many training jobs the tuning job may run, if it is limited."""
        limit = self.description["HyperParameterTuningJobConfig"]["ResourceLimits"].get("MaxNumberOfTrainingJobs")
        return int(limit) if limit is not None else None

    def count(self, *statuses: str) -> int:
        """How many training jobs are in one of the statuses."""
        return sum(job.status in statuses for job in self.jobs)


def training_definitions(description: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the training job definitions of a tuning job's description, be it one or several."""
    single = description.get("TrainingJobDefinition")
    return [single] if single is not None else list(description.get("TrainingJobDefinitions", []))


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _objective(config: Mapping[str, Any], definitions: list[Mapping[str, Any]]) -> Objective:
    several = [one["TuningObjective"] for one in definitions if "TuningObjective" in one]
    given: Mapping[str, str] = config.get("HyperParameterTuningJobObjective", several[0] if several else {})
    return Objective(metric=given.get("MetricName", "objective"), direction=given.get("Type", "Minimize"))


def _training_job(summary: Mapping[str, Any], order: int, space: tuple[Hyperparameter, ...]) -> TrainingJob:
    by_name = {one.name: one for one in space}
    metric = summary.get("FinalHyperParameterTuningJobObjectiveMetric")
    number = re.search(r"-(\d{3,})-[0-9a-f]{8}$", summary["TrainingJobName"])
    return TrainingJob(
        name=summary["TrainingJobName"],
        number=int(number[1]) if number else order,
        status=summary["TrainingJobStatus"],
        hyperparameters={
            name: by_name[name].value(text) if name in by_name else unquoted(text)
            for name, text in summary["TunedHyperParameters"].items()
        },
        created=summary["CreationTime"],
        started=summary.get("TrainingStartTime"),
        ended=summary.get("TrainingEndTime"),
        objective=float(metric["Value"]) if metric is not None else None,
        objective_final=metric is not None and summary.get("ObjectiveStatus", "Succeeded") == "Succeeded",
        failure_reason=summary.get("FailureReason"),
        definition=summary.get("TrainingJobDefinitionName"),
    )


def _with_current(client: SageMakerClient, jobs: list[TrainingJob], metric: str) -> list[TrainingJob]:
    """Give running training jobs the objective that they have emitted last."""
    asked = [job for job in jobs if job.status == "InProgress" and job.objective is None][:RUNNING_DESCRIBED]
    current = {job.name: _current(client, job.name, metric) for job in asked}
    return [
        dataclasses.replace(job, objective=current[job.name]) if current.get(job.name) is not None else job
        for job in jobs
    ]


def _current(client: SageMakerClient, training_job: str, metric: str) -> float | None:
    emitted = client.describe_training_job(TrainingJobName=training_job).get("FinalMetricDataList", [])
    return next((float(one["Value"]) for one in emitted if one.get("MetricName") == metric and "Value" in one), None)
