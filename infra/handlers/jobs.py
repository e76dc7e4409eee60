"""Tuning jobs as the SageMaker API has them, by name."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError, ParamValidationError

from . import creation, declaration, life_cycle
from .contract import (
    DELETION_BEHAVIOR,
    DELETION_RETAIN,
    DEPLOYMENT_WARNINGS,
    TAGS,
    TUNING_JOB_ARN,
    TUNING_JOB_NAME,
    WAIT_FOR,
    WAIT_FOR_COMPLETED,
)
from .errors import HandlerError, code_of, message_of
from .events import Event
from .life_cycle import Action, State
from .logs import log
from .parents import check_parents
from .shown import shortened
from .subject import Job

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

IN_PROGRESS: Final = State.IN_PROGRESS.value
COMPLETED: Final = State.COMPLETED.value
FAILED: Final = State.FAILED.value

# An answer to CloudFormation has 4,096 bytes.
_LONGEST_WARNINGS: Final = 1000


class TuningJobs:
    """The tuning jobs of an account and region: a `Subject`."""

    noun = "tuning job"
    wait_seconds = 3300.0
    """Less than the hour that CloudFormation allows."""

    def __init__(self, client: SageMakerClient) -> None:
        self._client = client

    def check(self, properties: Mapping[str, Any]) -> None:
        """Refuse a bad declaration."""
        declaration.declared_name(properties)
        life_cycle.check_deletion_behavior(properties)
        wait_for = properties.get(WAIT_FOR, WAIT_FOR_COMPLETED)
        if wait_for != WAIT_FOR_COMPLETED:
            raise HandlerError(f"{WAIT_FOR} must be {WAIT_FOR_COMPLETED!r} or absent, got {wait_for!r}")
        declaration.request_of(properties)
        for finding in declaration.warnings_of(properties):
            log(
                "the rules warn of the declaration",
                logging.WARNING,
                rule=finding.rule,
                prop=finding.prop,
                text=finding.text,
            )

    def check_life_cycle(self, properties: Mapping[str, Any]) -> None:
        """Refuse a deletion behavior that is none."""
        life_cycle.check_deletion_behavior(properties)

    def check_start(self, properties: Mapping[str, Any]) -> None:
        """Refuse a warm start from parents that do not fit."""
        check_parents(declaration.request_of(properties), self.description)

    def declared_name(self, properties: Mapping[str, Any]) -> str | None:
        """The name that the declaration computed at synth; None if it is no name of a tuning job."""
        name = properties.get(TUNING_JOB_NAME)
        return name if isinstance(name, str) and declaration.is_job_name(name) else None

    def tags_of(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """The declared tags by key."""
        return declaration.tags_of(properties)

    def delete_row(self, properties: Mapping[str, Any]) -> Mapping[State, Action]:
        """As the deletion behavior says."""
        return life_cycle.delete_row(properties)

    def of(self, properties: Mapping[str, Any]) -> TuningJobs:
        """The same: tuning jobs have no parent."""
        return self

    def find(self, name: str) -> Job | None:
        """The job called ``name``; None if there is none."""
        found = self.description(name)
        if found is None:
            return None
        return Job(
            found["HyperParameterTuningJobName"],
            found["HyperParameterTuningJobArn"],
            found["HyperParameterTuningJobStatus"],
            found.get("FailureReason"),
        )

    def description(self, name: str) -> Mapping[str, Any] | None:
        """All that the service says of the job called ``name``, its request among it; None if there is none."""
        try:
            return self._client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    def create(self, name: str, tags: Mapping[str, str], properties: Mapping[str, Any]) -> str:
        """Start the declared job; returns its ARN."""
        request = declaration.request_of(properties)
        request[TUNING_JOB_NAME] = name
        request[TAGS] = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
        return self._client.create_hyper_parameter_tuning_job(**request)["HyperParameterTuningJobArn"]

    def explained(self, error: ClientError | ParamValidationError, properties: Mapping[str, Any]) -> HandlerError:
        """The error in terms of the declaration."""
        return creation.explained(error, declaration.request_of(properties))

    def passes_by_waiting(self, error: ClientError) -> bool:
        """Whether the same request may succeed within minutes."""
        return creation.passes_by_waiting(error)

    def is_name_taken(self, error: ClientError) -> bool:
        """Whether there is a job of that name."""
        return creation.is_name_taken(error)

    def is_busy(self, error: ClientError) -> bool:
        """Whether a job has just left the state in which it can be deleted."""
        return code_of(error) in ("ResourceInUse", "ValidationException")

    def stop(self, name: str) -> None:
        """Ask the job to stop. That it stopped, or went away, in the meantime is fine."""
        try:
            self._client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        except ClientError as error:
            job = self.find(name)
            if job is not None and job.status == IN_PROGRESS:
                raise error from None

    def delete(self, name: str) -> None:
        """Delete the job's entry; its training jobs and their artifacts stay. That it is gone already is fine."""
        try:
            self._client.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        except ClientError as error:
            if not is_missing(error):
                raise

    def tags(self, arn: str) -> dict[str, str]:
        """The job's tags."""
        pages = self._client.get_paginator("list_tags").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set ``tags``, whether or not they were there."""
        if tags:
            entries: Any = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
            self._client.add_tags(ResourceArn=arn, Tags=entries)

    def delete_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove the tags called ``keys``."""
        gone = sorted(keys)
        if gone:
            self._client.delete_tags(ResourceArn=arn, TagKeys=gone)

    def is_waited_for(self, properties: Mapping[str, Any]) -> bool:
        """Whether the deployment is to end with the job's end."""
        return properties.get(WAIT_FOR) == WAIT_FOR_COMPLETED

    def has_completed(self, job: Job | None, name: str) -> bool:
        """Whether the job has completed."""
        if job is not None and job.status == COMPLETED:
            return True
        if job is not None and job.status == IN_PROGRESS:
            return False
        status = "gone" if job is None else job.status
        reason = "" if job is None or job.failure_reason is None else f": {job.failure_reason}"
        raise HandlerError(f"the tuning job {name!r} did not complete, it is {status}{reason}")

    def overdue(self, name: str, properties: Mapping[str, Any]) -> None:
        """Stop the job and fail."""
        if properties.get(DELETION_BEHAVIOR) != DELETION_RETAIN:
            # The failure is answered by a roll-back, which may know nothing of a job that an update started.
            log("asked to stop", logging.WARNING, job=name)
            self.stop(name)
        raise HandlerError(
            f"the tuning job {name!r} did not complete within {self.wait_seconds:g} s, the most that a deployment can "
            "wait: publish its result instead, or lower its limits"
        )

    def data(self, name: str, arn: str | None, event: Event) -> dict[str, str]:
        """The job's name, its ARN, and what there is to warn of in its declaration."""
        warnings = "; ".join(str(finding) for finding in declaration.warnings_of(event.properties))
        return {
            TUNING_JOB_NAME: name,
            TUNING_JOB_ARN: arn if arn else job_arn(name, event),
            DEPLOYMENT_WARNINGS: shortened(warnings, _LONGEST_WARNINGS) if warnings else "none",
        }


def job_arn(name: str, event: Event) -> str:
    """The ARN of a job, be it there or not; the service writes names in ARNs in lower case."""
    return event.arn("sagemaker", f"hyper-parameter-tuning-job/{name.lower()}")


def is_missing(error: ClientError) -> bool:
    """Whether there is no such job."""
    if code_of(error) == "ResourceNotFound":
        return True
    message = message_of(error).lower()
    return code_of(error) == "ValidationException" and ("could not find" in message or "does not exist" in message)
