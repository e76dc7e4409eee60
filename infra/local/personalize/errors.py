"""The errors of the service, with its texts where they are published."""

from __future__ import annotations

from infra.local.endpoint.service import ServiceError


def invalid(message: str) -> ServiceError:
    """A request that breaks a rule."""
    return ServiceError("InvalidInputException", message)


def not_found(arn: str) -> ServiceError:
    """No resource of that ARN."""
    return ServiceError("ResourceNotFoundException", f"Resource Arn {arn} does not exist.")


def already_exists(arn: str) -> ServiceError:
    """A second resource of the same name."""
    return ServiceError("ResourceAlreadyExistsException", f"Another resource with Arn {arn} already exists.")


def in_use(message: str) -> ServiceError:
    """The resource's state, or another resource, stands in the way."""
    return ServiceError("ResourceInUseException", message)


def too_many_pending(limit: int) -> ServiceError:
    """A quota of jobs that run at the same time."""
    return ServiceError("LimitExceededException", f"More than {limit} resources with PENDING or IN_PROGRESS status.")


def too_many_active(limit: int) -> ServiceError:
    """A quota of resources."""
    return ServiceError(
        "LimitExceededException", f"More than {limit} resources in ACTIVE state. Please delete some and try again."
    )


def invalid_token(token: str) -> ServiceError:
    """A token that no list gave out."""
    return ServiceError("InvalidNextTokenException", f"The token is not valid: {token}")
