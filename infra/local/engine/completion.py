"""When a tuning job ends, and how: pure rules over its records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .records import TERMINAL, TrainingJob, TuningJob, TuningStatus

ATTEMPTS = 5
"""So many training jobs without a single success end the tuning job."""

DEFAULT_MAX_JOBS = 750
"""The service's default quota of training jobs in a tuning job, where the request names no number."""

NO_SUCCESS = (
    "No training job succeeded after {count} attempts. "
    "Please take a look at the training job failures to get more details."
)
NO_OBJECTIVE = (
    "No objective metrics found after running {count} training jobs. Please ensure that the custom algorithm is "
    "emitting the objective metric as defined by the regular expression provided."
)

MINIMUM_IMPROVEMENT = 0.01
"""The share of the best value by which a job must beat it to count as an improvement."""

CONVERGENCE_JOBS = 10
CONVERGENCE_IMPROVEMENT = 0.001


@dataclass(frozen=True)
class Ending:
    """The status that a tuning job ends with, and why it failed if it did."""

    status: TuningStatus
    failure_reason: str | None = None


def ending(job: TuningJob, training_jobs: Sequence[TrainingJob], *, now: float, exhausted: bool) -> Ending | None:
    """How the tuning job ends now, or None if it goes on.

    Args:
        job: The tuning job.
        training_jobs: Its training jobs.
        now: The time.
        exhausted: Whether the search has no further configuration.
    """
    ended = [t for t in training_jobs if t.status in TERMINAL]
    all_ended = len(ended) == len(training_jobs) and (exhausted or len(ended) >= max_jobs(job))
    if failure := _failure(ended, all_ended=all_ended):
        return Ending("Failed", failure)
    limit = job.config["ResourceLimits"].get("MaxRuntimeInSeconds")
    out_of_time = limit is not None and now - job.created >= limit
    converged = convergence_ends(job) and has_converged(job, ended)
    if all_ended or out_of_time or converged or _target_reached(job, ended) or _not_improving(job, ended):
        return Ending("Completed")
    return None


def max_jobs(job: TuningJob) -> int:
    """How many training jobs the tuning job may launch."""
    number: int = job.config["ResourceLimits"].get("MaxNumberOfTrainingJobs", DEFAULT_MAX_JOBS)
    return number


def best_training_job(job: TuningJob, training_jobs: Sequence[TrainingJob]) -> TrainingJob | None:
    """The training job with the best objective so far; the earlier one of equals.

    Objectives of several definitions are compared as they are, where they have the direction of the first definition;
    those of the other direction are left out.
    """
    maximize = job.definitions[0].maximize
    comparable = {d.name for d in job.definitions if d.maximize == maximize}
    scored = [t for t in _scored(training_jobs) if t.definition in comparable]
    sign = 1 if maximize else -1
    return max(scored, key=lambda t: sign * (t.objective_value or 0.0), default=None)


def jobs_not_improving(job: TuningJob, training_jobs: Sequence[TrainingJob]) -> int:
    """How many training jobs ended since the last that beat the best by MINIMUM_IMPROVEMENT of it."""
    best: dict[bool, float] = {}  # by direction: definitions may differ in it
    since = 0
    for t in sorted(training_jobs, key=lambda t: t.ended or 0.0):
        value = t.objective_value
        if value is not None and _improves(value, best, job.definition_of(t).maximize, MINIMUM_IMPROVEMENT):
            since = 0
        else:
            since += 1
    return since


def has_converged(job: TuningJob, training_jobs: Sequence[TrainingJob]) -> bool:
    """Whether the search has converged: our rule, as SageMaker publishes none.

    It has once the last jobs with a value, CONVERGENCE_JOBS of them or twice the number of tuned hyperparameters if
    that is more, have not improved the best of at least as many before them by more than CONVERGENCE_IMPROVEMENT of it.
    """
    tuned = max(sum(len(group) for group in d.ranges.values()) for d in job.definitions)
    window = max(CONVERGENCE_JOBS, 2 * tuned)
    scored = sorted(_scored(training_jobs), key=lambda t: t.ended or 0.0)
    best: dict[bool, float] = {}
    improved = [
        _improves(t.objective_value or 0.0, best, job.definition_of(t).maximize, CONVERGENCE_IMPROVEMENT)
        for t in scored
    ]
    return len(scored) >= 2 * window and not any(improved[-window:])


def convergence_ends(job: TuningJob) -> bool:
    """Whether the job is to end once its search has converged: as asked for, or by Autotune where nothing is said."""
    rule = _criteria(job).get("ConvergenceDetected")
    if isinstance(rule, dict):
        return bool(rule.get("CompleteOnConvergence") == "Enabled")
    return job.autotune and not _criteria(job)


def _scored(training_jobs: Sequence[TrainingJob]) -> list[TrainingJob]:
    return [t for t in training_jobs if t.objective_value is not None and t.status in TERMINAL]


def _improves(value: float, best: dict[bool, float], maximize: bool, share: float) -> bool:
    """Whether a value beats the best of its direction by that share of it; it is the best then."""
    known = best.get(maximize)
    gain = 0.0 if known is None else (value - known if maximize else known - value)
    if known is not None and gain <= share * abs(known):
        return False
    best[maximize] = value
    return True


def _failure(ended: Sequence[TrainingJob], *, all_ended: bool) -> str | None:
    if any(t.objective_status == "Succeeded" for t in ended) or not (all_ended or len(ended) >= ATTEMPTS):
        return None
    failed = [t for t in ended if t.status == "Failed"]
    if failed and len(failed) == len(ended):
        return NO_SUCCESS.format(count=min(len(failed), ATTEMPTS))
    completed = [t for t in ended if t.status == "Completed"]
    if completed and (all_ended or len(completed) >= ATTEMPTS):
        return NO_OBJECTIVE.format(count=len(completed))
    return None


def _criteria(job: TuningJob) -> dict[str, object]:
    criteria: dict[str, object] = job.config.get("TuningJobCompletionCriteria", {})
    return criteria


def _target_reached(job: TuningJob, ended: Sequence[TrainingJob]) -> bool:
    target = _criteria(job).get("TargetObjectiveMetricValue")
    if not isinstance(target, (int, float)):
        return False
    return any(
        value >= target if job.definition_of(t).maximize else value <= target
        for t in ended
        if (value := t.objective_value) is not None
    )


def _not_improving(job: TuningJob, ended: Sequence[TrainingJob]) -> bool:
    rule = _criteria(job).get("BestObjectiveNotImproving")
    limit = rule.get("MaxNumberOfTrainingJobsNotImproving") if isinstance(rule, dict) else None
    return limit is not None and jobs_not_improving(job, ended) >= limit
