"""How much a tuning job may run, and when it is done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from aws_cdk import Duration, IResolvable

from constructs_lib._fields import SECONDS, WHOLE, choice, member, part


@dataclass(frozen=True)
class ResourceLimits:
    """Bounds of a whole tuning job.

    Attributes:
        max_parallel_training_jobs: training jobs that run at the same time, at least 1. More of them end sooner, fewer
            let the search learn more from each.
        max_number_of_training_jobs: training jobs in all, at least 1. Default: None, until another limit ends the job.
        max_runtime: time for the whole tuning job, 2 minutes to 182.5 days. Default: None, the service's 30 days.
    """

    max_parallel_training_jobs: float = member("MaxParallelTrainingJobs", WHOLE)
    max_number_of_training_jobs: float | None = member("MaxNumberOfTrainingJobs", WHOLE, default=None)
    max_runtime: Duration | None = member("MaxRuntimeInSeconds", SECONDS, default=None)


class CompleteOnConvergence(Enum):
    """Whether a tuning job ends when the service finds that the search has converged."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"


@dataclass(frozen=True)
class BestObjectiveNotImproving:
    """Ends a tuning job when its best objective stays.

    Attributes:
        max_number_of_training_jobs_not_improving: training jobs without improvement, at least 3. Default: None.
    """

    max_number_of_training_jobs_not_improving: float | None = member(
        "MaxNumberOfTrainingJobsNotImproving", WHOLE, default=None
    )


@dataclass(frozen=True)
class ConvergenceDetected:
    """Ends a tuning job on convergence.

    Attributes:
        complete_on_convergence: whether to. Default: None, the service's choice.
    """

    complete_on_convergence: CompleteOnConvergence | IResolvable | None = member(
        "CompleteOnConvergence", choice(CompleteOnConvergence), default=None
    )


@dataclass(frozen=True)
class TuningJobCompletionCriteria:
    """What ends a tuning job before its limits do.

    Attributes:
        target_objective_metric_value: an objective good enough. Default: None.
        best_objective_not_improving: a best objective that stays. Default: None.
        convergence_detected: a search that has converged. Default: None.
    """

    target_objective_metric_value: float | None = member("TargetObjectiveMetricValue", default=None)
    best_objective_not_improving: BestObjectiveNotImproving | None = member(
        "BestObjectiveNotImproving", part(BestObjectiveNotImproving), default=None
    )
    convergence_detected: ConvergenceDetected | None = member(
        "ConvergenceDetected", part(ConvergenceDetected), default=None
    )
