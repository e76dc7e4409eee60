"""Why a tuning job could not be created: what passes by waiting, and what somebody has to mend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from .errors import HandlerError, code_of, is_transient, message_of

# What the service says of a role that IAM has not made known everywhere yet.
_PROPAGATION = (
    "could not assume role",
    "no identity-based policy allows the s3:listbucket action",
    "access denied when describing algorithm",
)
_EMPTY_CHANNEL = "no s3 objects found under s3 url"
_S3_URL = re.compile(r"s3://[^\s\"']+")


def passes_by_waiting(error: ClientError) -> bool:
    """Whether the same request may succeed within minutes."""
    if is_transient(error):
        return True
    message = message_of(error).lower()
    return code_of(error) == "ValidationException" and any(text in message for text in _PROPAGATION)


def is_name_taken(error: ClientError) -> bool:
    """Whether there is a job of that name."""
    return code_of(error) == "ResourceInUse"


def explained(error: ClientError | ParamValidationError, request: Mapping[str, Any]) -> HandlerError:
    """The error in terms of the declaration, with what to do where that is not plain."""
    if isinstance(error, ParamValidationError):
        return HandlerError(f"the declaration does not fit CreateHyperParameterTuningJob: {error.kwargs['report']}")
    message = message_of(error)
    if _EMPTY_CHANNEL in message.lower():
        return HandlerError(_empty_channel(message, request))
    if code_of(error) == "ResourceLimitExceeded":
        return HandlerError(f"a quota of the account is too low: {message} (request an increase, then deploy again)")
    return HandlerError(f"SageMaker refused the tuning job with {code_of(error)}: {message}")


def _empty_channel(message: str, request: Mapping[str, Any]) -> str:
    found = _S3_URL.search(message)
    url = found.group(0).rstrip(".,") if found is not None else "its prefix"
    names = [name for name, uri in _channels(request) if uri.rstrip("/") == url.rstrip("/")]
    what = f"the channel {names[0]!r} is empty" if names else "a channel is empty"
    return f"{what}: there is no object under {url}; upload its files, then deploy again"


def _channels(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and S3 URI of each channel of each training definition."""
    definitions = [*request.get("TrainingJobDefinitions", []), request.get("TrainingJobDefinition", {})]
    for definition in definitions:
        for channel in definition.get("InputDataConfig", []):
            uri = channel.get("DataSource", {}).get("S3DataSource", {}).get("S3Uri")
            if uri is not None:
                yield channel["ChannelName"], uri
