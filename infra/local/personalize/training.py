"""Solution versions as jobs of the tuning engine.

A version without optimization is one training job, one with it a Bayesian tuning job, and AutoML is a grid search over
recipes. The engine's record is the only one of their progress: a version's status is read from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from infra.handlers.recipes import RECIPES
from infra.local.engine import TuningEngine
from infra.local.engine.completion import best_training_job
from infra.local.engine.errors import NoSuchJobError, WrongStatusError
from infra.local.engine.records import TrainingJob
from infra.recommender.metric_lines import METRIC_DEFINITIONS, OBJECTIVE

from .solution_rules import Plan

IMAGE = "recommender"
_STATUS = {
    "Completed": "ACTIVE",
    "Failed": "CREATE FAILED",
    "Stopping": "CREATE STOPPING",
    "Stopped": "CREATE STOPPED",
}
PENDING = ("CREATE PENDING", "CREATE IN_PROGRESS", "CREATE STOPPING")
"""Statuses that a solution version leaves by itself."""


@dataclass(frozen=True)
class Progress:
    """Where a solution version is."""

    status: str
    updated: float
    hours: float = 0.0
    failure_reason: str | None = None
    tuned: dict[str, str] = field(default_factory=dict)
    """Hyperparameters that optimization chose; the recipe, with AutoML."""
    best: TrainingJob | None = None
    """The training job whose model and metrics are the version's."""


def start(engine: TuningEngine, job: str, plan: Plan, *, data: str, output: str, static: dict[str, str]) -> None:
    """Start the training of a version.

    Args:
        engine: Runs it.
        job: The job's name in the engine.
        plan: What to train.
        data: The S3 prefix of the interactions.
        output: The S3 prefix for models.
        static: Hyperparameters beside the recipe's own.
    """
    fixed = {**static, **plan.fixed}
    if plan.ranges is None and len(plan.recipes) == 1:
        hyperparameters = {"recipe": plan.recipes[0].name, **fixed}
        request = {"TrainingJobName": job, "HyperParameters": hyperparameters, **_definition(data, output)}
        engine.create_training_job(request, {})
        return
    config: dict[str, Any] = {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": OBJECTIVE},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": plan.jobs, "MaxParallelTrainingJobs": plan.parallel},
        "ParameterRanges": plan.ranges,
    }
    if plan.ranges is None:
        names = [recipe.name for recipe in plan.recipes]
        config["Strategy"] = "Grid"
        config["ResourceLimits"] = {"MaxParallelTrainingJobs": 1}
        config["ParameterRanges"] = {"CategoricalParameterRanges": [{"Name": "recipe", "Values": names}]}
    else:
        fixed = {"recipe": plan.recipes[0].name, **fixed}
    request = {
        "HyperParameterTuningJobName": job,
        "HyperParameterTuningJobConfig": config,
        "TrainingJobDefinition": {"StaticHyperParameters": fixed, **_definition(data, output)},
    }
    engine.create_tuning_job(request, {})


def _definition(data: str, output: str) -> dict[str, Any]:
    return {
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": name, "Regex": regex} for name, regex in METRIC_DEFINITIONS],
        },
        "RoleArn": "arn:aws:iam::000000000000:role/aws-service-role/personalize.amazonaws.com/local",
        "InputDataConfig": [
            {
                "ChannelName": "interactions",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": output},
        "ResourceConfig": {"InstanceType": "local", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 24 * 3600},
    }


def exists(engine: TuningEngine, job: str) -> bool:
    """Whether the engine knows the job."""
    return progress(engine, job, created=0.0).updated != 0.0


def progress(engine: TuningEngine, job: str, *, created: float) -> Progress:
    """Read a version's progress from the engine's record.

    Args:
        engine: Runs the job.
        job: Its name.
        created: When the version was, for one whose job has not been recorded yet.
    """
    try:
        return _of_training_job(engine.store.training_job(job))
    except NoSuchJobError:
        pass
    try:
        return _of_tuning_job(engine, job)
    except NoSuchJobError:
        return Progress("CREATE PENDING", created)


def _of_training_job(job: TrainingJob) -> Progress:
    running = "CREATE PENDING" if job.secondary_status == "Starting" else "CREATE IN_PROGRESS"
    return Progress(
        _STATUS.get(job.status, running),
        job.modified,
        _hours([job]),
        job.failure_reason,
        best=job if job.status == "Completed" else None,
    )


def _of_tuning_job(engine: TuningEngine, name: str) -> Progress:
    job = engine.store.tuning_job(name)
    training_jobs = engine.store.training_jobs(job.name)
    best = best_training_job(job, training_jobs)
    running = "CREATE IN_PROGRESS" if training_jobs else "CREATE PENDING"
    done = job.status == "Completed" and best is not None
    return Progress(
        _STATUS.get(job.status, running),
        max([job.modified, *(t.modified for t in training_jobs)]),
        _hours(training_jobs),
        _failure(job.failure_reason, training_jobs),
        tuned=dict(best.tuned) if done and best is not None else {},
        best=best if done else None,
    )


def _failure(reason: str | None, training_jobs: list[TrainingJob]) -> str | None:
    """With why the first training job failed, which users of Personalize cannot look up otherwise."""
    if reason is None:
        return None
    first = next((t.failure_reason for t in training_jobs if t.failure_reason), None)
    return reason if first is None else f"{reason} The first one: {first}"


def _hours(training_jobs: list[TrainingJob]) -> float:
    seconds = sum(t.ended - t.started for t in training_jobs if t.started is not None and t.ended is not None)
    return max(0.0, seconds / 3600)


def stop(engine: TuningEngine, job: str) -> None:
    """Stop a version's training; one that has ended stays as it is."""
    for stopped in (engine.stop_training_job, engine.stop_tuning_job):
        try:
            stopped(job)
        except (NoSuchJobError, WrongStatusError):
            continue


def metrics(engine: TuningEngine, best: TrainingJob) -> dict[str, float]:
    """The offline metrics of a version's model: those of the test users that its recipe has."""
    known = set(RECIPES[best.request["HyperParameters"]["recipe"]].metrics)
    latest = {v.name: v.value for v in engine.store.metric_values(best.name)}
    return {
        name.removeprefix("test:"): value
        for name, value in latest.items()
        if name.startswith("test:") and name.removeprefix("test:") in known
    }
