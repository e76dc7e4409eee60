"""Publishes the result of a tuning job that ended, long after the deployment that started it.

Called on the job's state changes and, in case an event is missed, at intervals. It takes nothing from an event but
which job is meant, and reads the rest from the API: so an event that comes late, twice or never makes no difference.
Only ends are published; a result that is published already is left as it is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from . import clients, clock
from .contract import (
    METRIC_FAILED,
    METRIC_RUNNING_SECONDS,
    RESULT_BEST,
    RESULT_PARAMETER,
    RESULT_STATUS,
    RESULT_TOPIC,
    TUNING_JOB_ARN,
    TUNING_JOB_NAME,
)
from .entry import Answer, explained
from .errors import HandlerError, code_of
from .jobs import is_missing
from .logs import log, logging_about, metric

_ENDS: Final = ("Completed", "Failed", "Stopped")
# Parameter Store takes 8,192 bytes of an advanced parameter; intelligent tiering makes it one if need be.
_MOST_BYTES: Final = 8192
_LONGEST_REASON: Final = 1000
_LONGEST_SUBJECT: Final = 100


def publish(event: Mapping[str, Any], context: Any) -> Answer:
    """Write the result of the job that ``event`` names; answers whether that changed anything."""
    name, parameter = event.get(TUNING_JOB_NAME), event.get(RESULT_PARAMETER)
    with logging_about({"job": str(name), "parameter": str(parameter)}):
        try:
            published = _publish(_text(event, TUNING_JOB_NAME), _text(event, RESULT_PARAMETER), event.get(RESULT_TOPIC))
        except Exception as error:
            log("failed", logging.ERROR)
            raise explained(error, context) from None
        return {"Published": published}


def _text(event: Mapping[str, Any], member: str) -> str:
    value = event.get(member)
    if not isinstance(value, str) or not value:
        raise HandlerError(f"the event's {member} must be a name, got {value!r}")
    return value


def _publish(name: str, parameter: str, topic: str | None) -> bool:
    job = _described(name)
    if job is None:
        return False
    if job["HyperParameterTuningJobStatus"] not in _ENDS:
        running = clock.now() - job["CreationTime"].timestamp()
        metric(METRIC_RUNNING_SECONDS, running, parameter)
        return False
    result = result_of(job)
    value = _serialised(result)
    if value == _present(parameter):
        log("published already", status=result[RESULT_STATUS])
        return False
    # Before the parameter, which is what tells the next call that all is done: rather twice than never.
    if topic is not None:
        subject = f"Tuning job {name}: {result[RESULT_STATUS]}"[:_LONGEST_SUBJECT]
        clients.sns().publish(TopicArn=topic, Subject=subject, Message=value)
    clients.ssm().put_parameter(Name=parameter, Value=value, Overwrite=True)
    log("published", status=result[RESULT_STATUS])
    metric(METRIC_FAILED, float(result[RESULT_STATUS] == "Failed"), parameter)
    return True


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
        result["FailureReason"] = job["FailureReason"][:_LONGEST_REASON]
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
    value = _json(result)
    best = result[RESULT_BEST]
    if len(value.encode()) > _MOST_BYTES and best is not None:
        log("the tuned hyperparameters are too long for a parameter and left out", logging.WARNING)
        value = _json({**result, RESULT_BEST: {**best, "TunedHyperParameters": None}})
    return value


def _json(result: Mapping[str, Any]) -> str:
    return json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _present(parameter: str) -> str | None:
    try:
        return clients.ssm().get_parameter(Name=parameter)["Parameter"]["Value"]
    except ClientError as error:
        if code_of(error) == "ParameterNotFound":
            raise HandlerError(f"there is no parameter {parameter!r}; deploy the stack that declares it") from error
        raise
