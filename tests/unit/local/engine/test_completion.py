"""When a tuning job ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.local.engine.completion import ending
from infra.local.engine.records import TrainingJob, TuningJob

OBJECTIVE = {"MetricName": "loss", "Type": "Minimize"}


def tuning_job(**limits: Any) -> TuningJob:
    config = {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": OBJECTIVE,
        "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
        "ResourceLimits": {"MaxParallelTrainingJobs": 1, **limits},
    }
    request = {"HyperParameterTuningJobConfig": config, "TrainingJobDefinition": {}}
    return TuningJob("job", "arn", request, 1, "InProgress", 0.0, 0.0)


def training_jobs(count: int) -> list[TrainingJob]:
    one = TrainingJob("t", "arn", "{}", "Completed", "Completed", 0.0, 0.0, tuning_job="job", objective_value=1.0)
    return [replace(one, name=f"t{n}", number=n, ended=float(n), objective_status="Succeeded") for n in range(count)]


@pytest.mark.parametrize(
    ("limits", "launched", "ends"),
    [
        ({}, 749, False),
        ({}, 750, True),
        ({"MaxNumberOfTrainingJobs": 3}, 2, False),
        ({"MaxNumberOfTrainingJobs": 3}, 3, True),
        ({"MaxNumberOfTrainingJobs": 751}, 750, False),
    ],
    ids=["749 of the default", "750 of the default", "2 of 3", "3 of 3", "750 of 751"],
)
def test_the_number_of_training_jobs_ends_it(limits: dict[str, int], launched: int, ends: bool) -> None:
    decision = ending(tuning_job(**limits), training_jobs(launched), now=1.0, exhausted=False)
    assert (decision is not None and decision.status == "Completed") is ends


def test_a_job_that_still_runs_is_waited_for() -> None:
    *ended, last = training_jobs(3)
    running = replace(last, status="InProgress", ended=None, objective_value=None, objective_status="Pending")
    assert ending(tuning_job(MaxNumberOfTrainingJobs=3), [*ended, running], now=1.0, exhausted=False) is None
