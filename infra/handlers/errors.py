"""Errors that a person reads in CloudFormation's events."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as BotoConnectionError

TRANSIENT_CODES = frozenset(
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
    return code_of(error) in TRANSIENT_CODES or status >= _SERVER_ERROR


def is_passing(error: ClientError | BotoCoreError) -> bool:
    """Whether the service, or the way to it, failed for the moment: throttling, a 5xx, a connection that broke."""
    if isinstance(error, ClientError):
        return is_transient(error)
    return isinstance(error, HTTPClientError | BotoConnectionError)


def said(error: ClientError | BotoCoreError) -> str:
    """The error in one line, with the operation that met it."""
    if isinstance(error, ClientError):
        return f"{error.operation_name} failed with {code_of(error)}: {message_of(error)}"
    return str(error)
