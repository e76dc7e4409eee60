"""The operations: parse, call, serialise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from infra.local.endpoint.service import ServiceError
from infra.local.engine import NameInUseError, NoSuchJobError, TuningEngine, WrongStatusError

from . import answers, messages, rules, training_rules
from .pages import matches, page

Request = dict[str, Any]
Answer = dict[str, Any]
Operation = Callable[[TuningEngine, Request], Answer]

TUNING, TRAINING = "hyperparameter tuning job", "training job"
_KINDS = {"tuning": TUNING, "training": TRAINING}

MAX_TAGS = 50


def create_hyper_parameter_tuning_job(engine: TuningEngine, request: Request) -> Answer:
    """CreateHyperParameterTuningJob."""
    declared, tags = _without_tags(request)
    rules.check_tuning_job(engine, declared)
    with _errors(TUNING):
        return {"HyperParameterTuningJobArn": engine.create_tuning_job(declared, tags).arn}


def describe_hyper_parameter_tuning_job(engine: TuningEngine, request: Request) -> Answer:
    """DescribeHyperParameterTuningJob."""
    with _errors(TUNING):
        return answers.tuning_job(engine, engine.store.tuning_job(request["HyperParameterTuningJobName"]))


def list_hyper_parameter_tuning_jobs(engine: TuningEngine, request: Request) -> Answer:
    """ListHyperParameterTuningJobs."""
    jobs = [
        job
        for job in engine.store.tuning_jobs()
        if matches(request, name=job.name, status=job.status, created=job.created, modified=job.modified)
    ]
    by = {"Status": lambda j: j.status, "CreationTime": lambda j: j.created, "Name": lambda j: j.name}
    shown, more = page(request, jobs, key=by[request.get("SortBy", "Name")], name=lambda j: j.name)
    return {"HyperParameterTuningJobSummaries": [answers.tuning_job_summary(engine, j) for j in shown], **more}


def stop_hyper_parameter_tuning_job(engine: TuningEngine, request: Request) -> Answer:
    """StopHyperParameterTuningJob."""
    with _errors(TUNING):
        engine.stop_tuning_job(request["HyperParameterTuningJobName"])
    return {}


def delete_hyper_parameter_tuning_job(engine: TuningEngine, request: Request) -> Answer:
    """DeleteHyperParameterTuningJob."""
    with _errors(TUNING, change=messages.not_terminal):
        engine.delete_tuning_job(request["HyperParameterTuningJobName"])
    return {}


def list_training_jobs_for_hyper_parameter_tuning_job(engine: TuningEngine, request: Request) -> Answer:
    """ListTrainingJobsForHyperParameterTuningJob."""
    with _errors(TUNING):
        tuning_job = engine.store.tuning_job(request["HyperParameterTuningJobName"])
    sort_by = request.get("SortBy", "Name")
    status = request.get("StatusEquals")
    jobs = [
        job
        for job in engine.store.training_jobs(tuning_job.name)
        if status in (None, job.status) and (sort_by != "FinalObjectiveMetricValue" or job.objective_value is not None)
    ]
    by = {
        "Name": lambda j: j.name,
        "CreationTime": lambda j: j.created,
        "Status": lambda j: j.status,
        "FinalObjectiveMetricValue": lambda j: j.objective_value,
    }
    shown, more = page(request, jobs, key=by[sort_by], name=lambda j: j.name)
    return {"TrainingJobSummaries": [answers.tuned_training_job(tuning_job, j) for j in shown], **more}


def create_training_job(engine: TuningEngine, request: Request) -> Answer:
    """CreateTrainingJob."""
    declared, tags = _without_tags(request)
    if "AlgorithmSpecification" not in declared:
        raise messages.unsupported("CreateTrainingJob without AlgorithmSpecification")
    training_rules.check_training(engine, declared)
    with _errors(TRAINING):
        return {"TrainingJobArn": engine.create_training_job(declared, tags).arn}


def describe_training_job(engine: TuningEngine, request: Request) -> Answer:
    """DescribeTrainingJob."""
    with _errors(TRAINING):
        return answers.training_job(engine, engine.store.training_job(request["TrainingJobName"]))


def list_training_jobs(engine: TuningEngine, request: Request) -> Answer:
    """ListTrainingJobs."""
    jobs = [
        job
        for job in engine.store.training_jobs()
        if matches(request, name=job.name, status=job.status, created=job.created, modified=job.modified)
    ]
    if "WarmPoolStatusEquals" in request or "TrainingPlanArnEquals" in request:
        jobs = []  # no job here has either
    by = {"Name": lambda j: j.name, "CreationTime": lambda j: j.created, "Status": lambda j: j.status}
    shown, more = page(request, jobs, key=by[request.get("SortBy", "CreationTime")], name=lambda j: j.name)
    return {"TrainingJobSummaries": [answers.training_job_summary(j) for j in shown], **more}


def stop_training_job(engine: TuningEngine, request: Request) -> Answer:
    """StopTrainingJob."""
    with _errors(TRAINING):
        engine.stop_training_job(request["TrainingJobName"])
    return {}


def delete_training_job(engine: TuningEngine, request: Request) -> Answer:
    """DeleteTrainingJob."""
    with _errors(TRAINING, change=messages.not_terminal):
        engine.delete_training_job(request["TrainingJobName"])
    return {}


def list_tags(engine: TuningEngine, request: Request) -> Answer:
    """ListTags: always one page, as a resource has at most 50 tags and a page is no smaller."""
    return {"Tags": _tag_list(engine, _resource(engine, request))}


def add_tags(engine: TuningEngine, request: Request) -> Answer:
    """AddTags. Tags that are there already get the new value."""
    arn = _resource(engine, request)
    tags = _tags(request["Tags"])
    if len({**engine.store.tags(arn), **tags}) > MAX_TAGS:
        raise messages.validation(f"A resource can have at most {MAX_TAGS} tags.")
    engine.store.put_tags(arn, tags)
    return {"Tags": _tag_list(engine, arn)}


def delete_tags(engine: TuningEngine, request: Request) -> Answer:
    """DeleteTags."""
    engine.store.delete_tags(_resource(engine, request), request["TagKeys"])
    return {}


OPERATIONS: dict[str, Operation] = {
    "AddTags": add_tags,
    "CreateHyperParameterTuningJob": create_hyper_parameter_tuning_job,
    "CreateTrainingJob": create_training_job,
    "DeleteHyperParameterTuningJob": delete_hyper_parameter_tuning_job,
    "DeleteTags": delete_tags,
    "DeleteTrainingJob": delete_training_job,
    "DescribeHyperParameterTuningJob": describe_hyper_parameter_tuning_job,
    "DescribeTrainingJob": describe_training_job,
    "ListHyperParameterTuningJobs": list_hyper_parameter_tuning_jobs,
    "ListTags": list_tags,
    "ListTrainingJobs": list_training_jobs,
    "ListTrainingJobsForHyperParameterTuningJob": list_training_jobs_for_hyper_parameter_tuning_job,
    "StopHyperParameterTuningJob": stop_hyper_parameter_tuning_job,
    "StopTrainingJob": stop_training_job,
}
"""All operations that the local service implements, by their names in the model."""


@contextmanager
def _errors(kind: str, change: Callable[[str, str], ServiceError] = messages.already_ended) -> Iterator[None]:
    """The engine's errors in the service's words."""
    try:
        yield
    except NoSuchJobError as error:
        raise messages.not_found(_KINDS[error.kind], error.name) from None
    except NameInUseError as error:
        raise messages.name_in_use(kind, error.arn) from None
    except WrongStatusError as error:
        raise change(kind, error.status) from None


def _without_tags(request: Request) -> tuple[Request, dict[str, str]]:
    return {key: value for key, value in request.items() if key != "Tags"}, _tags(request.get("Tags", []))


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    result = {}
    for tag in tags:
        key = tag["Key"]
        if key in result:
            raise messages.validation(f"Tag keys must be unique, got {key!r} twice.")
        if key.lower().startswith("aws:"):
            raise messages.validation(f"Tag keys must not start with aws:, got {key!r}.")
        result[key] = tag["Value"]
    return result


def _resource(engine: TuningEngine, request: Request) -> str:
    arn: str = request["ResourceArn"]
    if not engine.store.has_resource(arn):
        raise messages.not_found("resource", arn)
    return arn


def _tag_list(engine: TuningEngine, arn: str) -> list[Answer]:
    return [{"Key": key, "Value": value} for key, value in engine.store.tags(arn).items()]
