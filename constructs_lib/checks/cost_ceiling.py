"""What a tuning job can cost has a bound that somebody chose."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.checks._rule import Job, Rule, section


def _breaks(job: Job) -> Iterator[str | None]:
    config = section(job.request, "HyperParameterTuningJobConfig")
    limits = section(config, "ResourceLimits")
    if "MaxRuntimeInSeconds" in limits:
        return  # with the number of parallel training jobs, which is required, a bound for everything
    if "MaxNumberOfTrainingJobs" not in limits and config.get("Strategy") != "Grid":
        yield None
        return
    for definition in job.definitions():
        if "MaxRuntimeInSeconds" not in definition.section("StoppingCondition"):
            yield definition.name


RULE = Rule(
    id="CostCeiling",
    info=(
        "Nobody chose how much the tuning job may use: set max_number_of_training_jobs and the max_runtime of a "
        "training job, or the max_runtime of the tuning job."
    ),
    explanation="Without these the service's own limits count: a day for each training job, a month for all of them.",
    breaks=_breaks,
)
