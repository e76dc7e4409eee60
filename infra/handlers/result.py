"""Publishes the result of a tuning job that ended, long after the deployment that started it.

Called on the job's state changes and, in case an event is missed, at intervals. It takes nothing from an event but
which job is meant, and reads the rest from the API: so an event that comes late, twice or never makes no difference.
Only ends are published; a result that is published already is left as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from . import clients, publishing
from .contract import RESULT_BEST, RESULT_STATUS, TUNING_JOB_ARN, TUNING_JOB_NAME
from .entry import Answer
from .jobs import is_missing
from .logs import log
from .publishing import LONGEST_REASON, MOST_BYTES, Outcome, publish_outcome, serialised

_ENDS: Final = ("Completed", "Failed", "Stopped")


def publish(event: Mapping[str, Any], context: Any) -> Answer:
    """Write the result of the job that ``event`` names; answers whether that changed anything."""
    return publishing.answer(event, context, TUNING_JOB_NAME, _publish)


def _publish(name: str, parameter: str, topic: str | None) -> bool:
    job = _described(name)
    if job is None:
        return False
    status = job["HyperParameterTuningJobStatus"]
    if status not in _ENDS:
        return publishing.running(job["CreationTime"].timestamp(), parameter)
    outcome = Outcome(f"Tuning job {name}", status, failed=status == "Failed", value=_serialised(result_of(job)))
    return publish_outcome(outcome, parameter, topic)


def _described(name: str) -> Mapping[str, Any] | None:
    try:
        return clients.sagemaker().describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    except ClientError as error:
        if not is_missing(error):
            raise
        log("the tuning job is gone; what is published stays", logging.WARNING)
        return None


def result_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """What a job ended with, as ``docs/life-cycle.md`` describes it."""
    result: dict[str, Any] = {
        TUNING_JOB_NAME: job["HyperParameterTuningJobName"],
        TUNING_JOB_ARN: job["HyperParameterTuningJobArn"],
        RESULT_STATUS: job["HyperParameterTuningJobStatus"],
        "TrainingJobStatusCounters": job.get("TrainingJobStatusCounters", {}),
        "ObjectiveStatusCounters": job.get("ObjectiveStatusCounters", {}),
        RESULT_BEST: _best(job.get("BestTrainingJob", {})),
    }
    if "FailureReason" in job:
        result["FailureReason"] = job["FailureReason"][:LONGEST_REASON]
    return result


def _best(summary: Mapping[str, Any]) -> dict[str, Any] | None:
    """The best training job, with where its model is; None if no training job has an objective."""
    if "TrainingJobName" not in summary:
        return None
    name = summary["TrainingJobName"]
    training = clients.sagemaker().describe_training_job(TrainingJobName=name)
    best = {
        "TrainingJobName": name,
        "TrainingJobArn": summary["TrainingJobArn"],
        "TrainingJobDefinitionName": summary.get("TrainingJobDefinitionName"),
        "ObjectiveMetric": summary.get("FinalHyperParameterTuningJobObjectiveMetric"),
        "TunedHyperParameters": summary.get("TunedHyperParameters", {}),
        "S3ModelArtifacts": training.get("ModelArtifacts", {}).get("S3ModelArtifacts"),
        "TrainingImage": training["AlgorithmSpecification"].get("TrainingImage"),
    }
    return {member: value for member, value in best.items() if value is not None}


def _serialised(result: Mapping[str, Any]) -> str:
    value = serialised(result)
    best = result[RESULT_BEST]
    if len(value.encode()) > MOST_BYTES and best is not None:
        log("the tuned hyperparameters are too long for a parameter and left out", logging.WARNING)
        value = serialised({**result, RESULT_BEST: {**best, "TunedHyperParameters": None}})
    return value
