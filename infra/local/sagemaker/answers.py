"""Records as the API shows them."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from infra.local.engine import NoSuchJobError, TuningEngine
from infra.local.engine.completion import best_training_job, convergence_ends, has_converged, jobs_not_improving
from infra.local.engine.names import OBJECTIVE_HYPERPARAMETER
from infra.local.engine.records import TERMINAL, Definition, MetricValue, TrainingJob, TuningJob
from infra.local.engine.training.artifacts import model_artifacts
from infra.local.engine.training.images import metric_definitions
from infra.local.engine.warm_start import IDENTICAL

Answer = dict[str, Any]


def tuning_job(engine: TuningEngine, job: TuningJob) -> Answer:
    """DescribeHyperParameterTuningJobResponse."""
    training_jobs = engine.store.training_jobs(job.name)
    best = best_training_job(job, training_jobs)
    ended = time.time() if job.ended is None else job.ended
    runtime = sum((t.ended or ended) - t.started for t in training_jobs if t.started is not None)
    return _present(
        {
            **{key: value for key, value in job.request.items() if not key.startswith("TrainingJobDefinition")},
            "HyperParameterTuningJobArn": job.arn,
            **_definitions(engine, job),
            "HyperParameterTuningJobStatus": job.status,
            **_tuning_times(job, training_jobs),
            **_counters(training_jobs),
            "BestTrainingJob": None if best is None else tuned_training_job(job, best),
            "OverallBestTrainingJob": _overall_best(engine, job, best),
            "FailureReason": job.failure_reason if job.status == "Failed" else None,
            "TuningJobCompletionDetails": _completion(job, training_jobs),
            "ConsumedResources": {"RuntimeInSeconds": int(runtime)},
        }
    )


def tuning_job_summary(engine: TuningEngine, job: TuningJob) -> Answer:
    """HyperParameterTuningJobSummary."""
    training_jobs = engine.store.training_jobs(job.name)
    return _present(
        {
            "HyperParameterTuningJobName": job.name,
            "HyperParameterTuningJobArn": job.arn,
            "HyperParameterTuningJobStatus": job.status,
            "Strategy": job.config["Strategy"],
            **_tuning_times(job, training_jobs),
            **_counters(training_jobs),
            "ResourceLimits": job.config["ResourceLimits"],
        }
    )


def tuned_training_job(job: TuningJob, training_job: TrainingJob) -> Answer:
    """HyperParameterTrainingJobSummary."""
    definition = job.definition_of(training_job)
    final = {**definition.objective, "Value": training_job.objective_value}
    return _present(
        {
            "TrainingJobDefinitionName": definition.name,
            "TrainingJobName": training_job.name,
            "TrainingJobArn": training_job.arn,
            "CreationTime": _moment(training_job.created),
            "TrainingStartTime": _moment(training_job.started),
            "TrainingEndTime": _moment(training_job.ended),
            "TrainingJobStatus": training_job.status,
            "TunedHyperParameters": training_job.tuned,
            "FailureReason": training_job.failure_reason,
            "FinalHyperParameterTuningJobObjectiveMetric": final if training_job.objective_value is not None else None,
            "ObjectiveStatus": training_job.objective_status,
        }
    )


def training_job(engine: TuningEngine, job: TrainingJob) -> Answer:
    """DescribeTrainingJobResponse."""
    # Whole seconds, 1 at least as the model says.
    seconds = None if job.started is None or job.ended is None else max(1, math.ceil(job.ended - job.started))
    return _present(
        {
            **job.request,
            "OutputDataConfig": _output(job.request["OutputDataConfig"]),
            "AlgorithmSpecification": _algorithm(engine, job.request["AlgorithmSpecification"]),
            "StoppingCondition": job.request.get("StoppingCondition", {}),
            "TrainingJobArn": job.arn,
            "TuningJobArn": job.tuning_job_arn,
            "ModelArtifacts": {"S3ModelArtifacts": model_artifacts(job.request)},
            "TrainingJobStatus": job.status,
            "SecondaryStatus": job.secondary_status,
            "FailureReason": job.failure_reason,
            "CreationTime": _moment(job.created),
            "TrainingStartTime": _moment(job.started),
            "TrainingEndTime": _moment(job.ended),
            "LastModifiedTime": _moment(job.modified),
            "SecondaryStatusTransitions": [
                _present(
                    {
                        "Status": t.status,
                        "StartTime": _moment(t.started),
                        "EndTime": _moment(t.ended),
                        "StatusMessage": t.message,
                    }
                )
                for t in engine.store.transitions(job.name)
            ],
            "FinalMetricDataList": _final_metrics(engine.store.metric_values(job.name)),
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": seconds,
        }
    )


def training_job_summary(job: TrainingJob) -> Answer:
    """TrainingJobSummary."""
    return _present(
        {
            "TrainingJobName": job.name,
            "TrainingJobArn": job.arn,
            "CreationTime": _moment(job.created),
            "TrainingEndTime": _moment(job.ended),
            "LastModifiedTime": _moment(job.modified),
            "TrainingJobStatus": job.status,
            "SecondaryStatus": job.secondary_status,
        }
    )


def _definitions(engine: TuningEngine, job: TuningJob) -> Answer:
    shown = [_definition(engine, definition) for definition in job.definitions]
    single = "TrainingJobDefinition" in job.request
    return {"TrainingJobDefinition": shown[0]} if single else {"TrainingJobDefinitions": shown}


def _definition(engine: TuningEngine, definition: Definition) -> Answer:
    """As the service shows it: with the objective among the static hyperparameters and the built-in metrics."""
    static = {**definition.static, OBJECTIVE_HYPERPARAMETER: definition.metric}
    algorithm = _algorithm(engine, definition.request["AlgorithmSpecification"])
    # ResourceConfig too where the request has only the other form: the SageMaker SDK's `attach` reads it.
    resources = {"ResourceConfig": definition.resources} if definition.resources else {}
    return {
        **definition.request,
        **resources,
        "StaticHyperParameters": static,
        "AlgorithmSpecification": algorithm,
        "OutputDataConfig": _output(definition.request["OutputDataConfig"]),
    }


def _output(config: dict[str, Any]) -> Answer:
    """The service shows an empty key where none is given; the SageMaker SDK counts on it."""
    return {"KmsKeyId": "", **config}


def _overall_best(engine: TuningEngine, job: TuningJob, best: TrainingJob | None) -> Answer | None:
    """The best training job of the tuning job and of its parents, if they had the same data and algorithm."""
    if job.warm_start_type != IDENTICAL:
        return None
    sign = 1 if job.definitions[0].maximize else -1
    parent = max(job.parents, key=lambda trial: sign * trial.value, default=None)
    value = None if best is None else best.objective_value
    own = None if best is None else {**tuned_training_job(job, best), "TuningJobName": job.name}
    if parent is None or (value is not None and sign * value >= sign * parent.value):
        return own
    try:
        found = engine.store.training_job(parent.training_job)
    except NoSuchJobError:  # deleted since
        return own
    return {**tuned_training_job(job, found), "TuningJobName": parent.tuning_job}


def _completion(job: TuningJob, training_jobs: Sequence[TrainingJob]) -> Answer:
    ended = [t for t in training_jobs if t.status in TERMINAL]
    converged = job.ended if job.ended is not None and convergence_ends(job) and has_converged(job, ended) else None
    return _present(
        {
            "NumberOfTrainingJobsObjectiveNotImproving": jobs_not_improving(job, ended),
            "ConvergenceDetectedTime": _moment(converged),
        }
    )


def _algorithm(engine: TuningEngine, algorithm: dict[str, Any]) -> Answer:
    definitions = metric_definitions(engine.home, algorithm)
    if not definitions:
        return algorithm
    shown = [{"Name": name, "Regex": regex} for name, regex in definitions.items()]
    return {**algorithm, "MetricDefinitions": shown}


def _tuning_times(job: TuningJob, training_jobs: Sequence[TrainingJob]) -> Answer:
    modified = max([job.modified, *(t.modified for t in training_jobs)])
    return {
        "CreationTime": _moment(job.created),
        "LastModifiedTime": _moment(modified),
        "HyperParameterTuningEndTime": _moment(job.ended),
    }


def _counters(training_jobs: Sequence[TrainingJob]) -> Answer:
    """Each of the two sums to the number of launched training jobs."""
    status = Counter(t.status for t in training_jobs)
    objective = Counter(t.objective_status for t in training_jobs)
    return {
        "TrainingJobStatusCounters": {
            "Completed": status["Completed"],
            "InProgress": status["InProgress"] + status["Stopping"],
            "RetryableError": 0,  # such jobs are run again under the same name
            "NonRetryableError": status["Failed"],
            "Stopped": status["Stopped"],
        },
        "ObjectiveStatusCounters": {
            "Succeeded": objective["Succeeded"],
            "Pending": objective["Pending"],
            "Failed": objective["Failed"],
        },
    }


def _final_metrics(values: Sequence[MetricValue]) -> list[Answer]:
    """Each metric's last value, in the order of the metrics' names."""
    last = {v.name: v for v in values if math.isfinite(v.value)}
    return [
        {"MetricName": name, "Value": last[name].value, "Timestamp": _moment(last[name].time)} for name in sorted(last)
    ]


def _moment(seconds: float | None) -> datetime | None:
    """Times have milliseconds in the API."""
    return None if seconds is None else datetime.fromtimestamp(round(seconds, 3), UTC)


def _present(members: Answer) -> Answer:
    return {name: value for name, value in members.items() if value is not None}
