"""The errors of the service, with its texts where they are published."""

from __future__ import annotations

from infra.local.endpoint.service import ServiceError


def validation(message: str) -> ServiceError:
    """A request that breaks a rule."""
    return ServiceError("ValidationException", message)


def unsupported(what: str) -> ServiceError:
    """A part of the API that the local service lacks so far: refused, never ignored."""
    return validation(f"{what} is not supported locally yet.")


def not_found(kind: str, name: str) -> ServiceError:
    """No resource of that name. Args: kind such as "training job"."""
    return ServiceError("ResourceNotFound", f"Requested resource not found. There is no {kind} {name!r}.")


def name_in_use(kind: str, arn: str) -> ServiceError:
    """A second resource of the same name, ignoring case."""
    return ServiceError(
        "ResourceInUse",
        f"{kind.capitalize()} names must be unique within an AWS account and region, "
        f"and a {kind} with this name already exists ({arn})",
    )


def already_ended(kind: str, status: str) -> ServiceError:
    """A stop of something that has ended."""
    return validation(f"The request was rejected because the {kind} is already in {status} status.")


def not_terminal(kind: str, status: str) -> ServiceError:
    """A delete of something that has not ended."""
    return validation(f"The request was rejected because the {kind} is not in a terminal state: it is {status}.")


def quota_exceeded(quota: str, unit: str, limit: int, used: int, wanted: int) -> ServiceError:
    """More than an account may have."""
    return ServiceError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{quota}' is {limit} {unit}, with current utilization of {used} {unit} and a "
        f"request delta of {wanted} {unit}. Please contact AWS support to request an increase for this limit.",
    )


METRIC_REQUIRED = (
    "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions."
)


def too_few_combinations(combinations: float, jobs: int) -> ServiceError:
    """Fewer configurations than training jobs: none is tried twice."""
    return validation(
        "You don't have enough combinations of hyperparameter ranges. The total number of hyperparameter combinations "
        f"for the provided ranges [{float(combinations)}] must be equal or greater than the value of "
        f"MaxNumberOfJobs, [{jobs}]. Provide additional ranges."
    )


def empty_channel(channel: str, uri: str) -> ServiceError:
    """Nothing to train on."""
    return validation(
        f'No S3 objects found under S3 URL "{uri}" given in input data source of channel "{channel}". Please ensure '
        "that the bucket exists and that objects exist under that S3 prefix."
    )
