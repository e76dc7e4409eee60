"""Tuning jobs as the SageMaker API has them, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from .errors import code_of, message_of

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

IN_PROGRESS: Final = "InProgress"
COMPLETED: Final = "Completed"
FAILED: Final = "Failed"


@dataclass(frozen=True)
class Job:
    """A tuning job that exists."""

    name: str
    arn: str
    status: str
    """``InProgress``, ``Completed``, ``Failed``, ``Stopping``, ``Stopped``, ``Deleting`` or ``DeleteFailed``."""

    failure_reason: str | None = None
    """What the service says of a job that failed."""


class TuningJobs:
    """The tuning jobs of an account and region."""

    def __init__(self, client: SageMakerClient) -> None:
        self._client = client

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

    def create(self, request: Mapping[str, Any]) -> str:
        """Start the job that ``request`` declares; returns its ARN."""
        return self._client.create_hyper_parameter_tuning_job(**request)["HyperParameterTuningJobArn"]

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


def is_missing(error: ClientError) -> bool:
    """Whether there is no such job."""
    if code_of(error) == "ResourceNotFound":
        return True
    message = message_of(error).lower()
    return code_of(error) == "ValidationException" and ("could not find" in message or "does not exist" in message)
