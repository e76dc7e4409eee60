from __future__ import annotations

import math
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from infra.report import TuningJobNotFoundError, TuningJobSnapshot
from tests.unit.report.factory import ARN, CREATED, METRIC, NOW, description, snapshot, stubbed, training_job


def test_reads_training_jobs_with_typed_hyperparameters() -> None:
    values = {"num_layers": "3", "learning_rate": "0.01", "optimizer_type": "sgd"}
    read = snapshot([training_job(1, 12.5, values=values)])
    (job,) = read.jobs
    assert job.number == 1
    assert job.hyperparameters == {"num_layers": 3, "learning_rate": 0.01, "optimizer_type": "sgd"}
    assert (job.objective, job.objective_final) == (12.5, True)
    assert job.elapsed(NOW) == timedelta(seconds=50)
    assert (read.objective.metric, read.objective.maximize) == (METRIC, False)
    assert read.elapsed == timedelta(minutes=15)


@pytest.mark.parametrize(("direction", "best", "worst"), [("Minimize", 2, 3), ("Maximize", 3, 2)])
def test_best_and_worst_follow_the_direction(direction: str, best: int, worst: int) -> None:
    read = snapshot([training_job(1, 5.0), training_job(2, 1.0), training_job(3, 9.0)], direction=direction)
    assert (read.best, read.worst) == (read.jobs[best - 1], read.jobs[worst - 1])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("direction", ["Minimize", "Maximize"])
def test_an_objective_that_is_no_number_is_never_the_best(value: float, direction: str) -> None:
    read = snapshot([training_job(1, value), training_job(2, 3.0)], direction=direction)
    assert read.best is not None
    assert read.best.number == 2
    assert read.worst is None


def test_an_objective_that_failed_does_not_count() -> None:
    read = snapshot([training_job(1, 1.0, status="Failed", objective_status="Failed")])
    assert read.best is None


def test_a_stopped_training_job_counts() -> None:
    read = snapshot([training_job(1, 1.0, status="Stopped"), training_job(2, 2.0)])
    assert read.best is not None
    assert read.best.number == 1


def test_a_running_training_job_has_its_latest_objective_which_does_not_count_yet() -> None:
    read = snapshot(
        [training_job(1, 5.0), training_job(2, status="InProgress"), training_job(3, status="InProgress")],
        current={1: 2.5},
        status="InProgress",
    )
    assert [job.objective for job in read.jobs] == [5.0, None, 2.5]
    assert read.best == read.jobs[0]
    assert read.jobs[1].elapsed(NOW) == timedelta(minutes=19)


def test_no_training_job_yet() -> None:
    read = snapshot(status="InProgress")
    assert (read.jobs, read.best, read.worst) == ((), None, None)
    assert read.elapsed == NOW - CREATED


def test_750_training_jobs_come_in_pages() -> None:
    read = snapshot([training_job(number, float(number)) for number in range(1, 751)])
    assert [job.number for job in read.jobs] == list(range(1, 751))


def test_several_definitions() -> None:
    job = description()
    definition = job.pop("TrainingJobDefinition")
    objective = job["HyperParameterTuningJobConfig"].pop("HyperParameterTuningJobObjective")
    ranges = job["HyperParameterTuningJobConfig"].pop("ParameterRanges")
    job["TrainingJobDefinitions"] = [
        {**definition, "DefinitionName": name, "TuningObjective": objective, "HyperParameterRanges": ranges}
        for name in ("small", "large")
    ]
    with stubbed() as (client, stubber):
        stubber.add_response("describe_hyper_parameter_tuning_job", job)
        summary = {**training_job(1, 2.0), "TrainingJobDefinitionName": "large"}
        stubber.add_response("list_training_jobs_for_hyper_parameter_tuning_job", {"TrainingJobSummaries": [summary]})
        read = TuningJobSnapshot.read(client, "seq2seq-3f9c2a")
    assert read.objective.metric == METRIC
    assert [one.name for one in read.hyperparameters] == ["num_layers", "learning_rate", "optimizer_type"]
    assert read.jobs[0].definition == "large"


@pytest.mark.parametrize(
    ("existing", "message"),
    [
        (
            ["seq2seq-3f9c2a", "seq2seq-3f9c2b", "xgboost-1"],
            "no tuning job named 'seq2seq-3f9c2' in this account and region: "
            "did you mean 'seq2seq-3f9c2b' or 'seq2seq-3f9c2a'?",
        ),
        (
            [],
            "no tuning job named 'seq2seq-3f9c2' in this account and region: "
            "there is no tuning job with a similar name",
        ),
    ],
)
@pytest.mark.parametrize(
    ("code", "text"),
    [("ResourceNotFound", ""), ("ValidationException", "Amazon SageMaker can't find a tuning job with the name x.")],
)
def test_a_missing_tuning_job_brings_the_closest_names(existing: list[str], message: str, code: str, text: str) -> None:
    with stubbed() as (client, stubber):
        stubber.add_client_error("describe_hyper_parameter_tuning_job", code, text)
        listing = {
            "HyperParameterTuningJobSummaries": [
                {
                    "HyperParameterTuningJobName": name,
                    "HyperParameterTuningJobArn": f"{ARN}:hyper-parameter-tuning-job/{name}",
                    "HyperParameterTuningJobStatus": "Completed",
                    "Strategy": "Bayesian",
                    "CreationTime": CREATED,
                    "TrainingJobStatusCounters": {},
                    "ObjectiveStatusCounters": {},
                }
                for name in existing
            ]
        }
        asked = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 100}
        stubber.add_response("list_hyper_parameter_tuning_jobs", listing, {**asked, "NameContains": "seq2seq"})
        if not existing:
            stubber.add_response("list_hyper_parameter_tuning_jobs", listing, asked)
        with pytest.raises(TuningJobNotFoundError) as caught:
            TuningJobSnapshot.read(client, "seq2seq-3f9c2")
    assert str(caught.value) == message


def test_another_refusal_is_not_a_missing_job() -> None:
    with stubbed() as (client, stubber):
        stubber.add_client_error("describe_hyper_parameter_tuning_job", "AccessDeniedException", "not authorized")
        with pytest.raises(ClientError, match="not authorized"):
            TuningJobSnapshot.read(client, "seq2seq-3f9c2a")
