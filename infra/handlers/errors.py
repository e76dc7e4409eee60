"""Errors that a person reads in CloudFormation's events."""

from __future__ import annotations

from botocore.exceptions import ClientError

_TRANSIENT_CODES = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_SERVER_ERROR = 500


class HandlerError(Exception):
    """The request fails, for the reason that the message gives."""


def code_of(error: ClientError) -> str:
    """The service's error code, such as ``ValidationException``."""
    return str(error.response.get("Error", {}).get("Code", ""))


def message_of(error: ClientError) -> str:
    """The service's own words."""
    return str(error.response.get("Error", {}).get("Message", ""))


def is_transient(error: ClientError) -> bool:
    """Whether the same call may well succeed later without anybody's doing."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in _TRANSIENT_CODES or status >= _SERVER_ERROR
