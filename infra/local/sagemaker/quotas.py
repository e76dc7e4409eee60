"""Quotas of tuning jobs, where they can be raised the highest that the service grants: nobody has to ask for more here.

How many instances an account may use is not looked at: one machine plays them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.local.engine import TuningEngine
from infra.local.engine.completion import DEFAULT_MAX_JOBS
from infra.local.engine.records import TERMINAL

from . import messages

MAX_RANDOM_JOBS = 10_000
MAX_PARALLEL_JOBS = 100
MAX_TUNING_JOBS = 100


def check_quotas(engine: TuningEngine, config: Mapping[str, Any]) -> None:
    """Refuse a tuning job that needs more than can be had.

    Raises:
        ServiceError: ResourceLimitExceeded, for the first quota that does not suffice.
    """
    limits = config["ResourceLimits"]
    jobs = "Number of training jobs per hyperparameter tuning job"
    _check(jobs, "Training Jobs", most_jobs(config), 0, limits.get("MaxNumberOfTrainingJobs", 0))
    parallel = "Number of parallel training jobs per hyperparameter tuning job"
    _check(parallel, "Training Jobs", MAX_PARALLEL_JOBS, 0, limits["MaxParallelTrainingJobs"])
    running = sum(job.status not in TERMINAL for job in engine.store.tuning_jobs())
    _check("Number of parallel hyperparameter tuning jobs", "Tuning Jobs", MAX_TUNING_JOBS, running, 1)


def most_jobs(config: Mapping[str, Any]) -> int:
    """How many training jobs a tuning job of this configuration can have at most, those of its parents included."""
    return MAX_RANDOM_JOBS if config["Strategy"] == "Random" else DEFAULT_MAX_JOBS


def _check(name: str, unit: str, quota: int, used: int, wanted: int) -> None:
    if used + wanted > quota:
        raise messages.quota_exceeded(name, unit, quota, used, wanted)
