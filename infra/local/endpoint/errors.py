"""Refusals that the endpoint itself words, before or around a service's own."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from infra.local.endpoint.service import ServiceError


class ValidationError(ServiceError):
    """The request breaks constraints of the model; all of them are named, as AWS does.

    Args:
        findings: One text per broken constraint, in the order of the request.
    """

    def __init__(self, findings: list[str]) -> None:
        noun = "error" if len(findings) == 1 else "errors"
        super().__init__("ValidationException", f"{len(findings)} validation {noun} detected: " + "; ".join(findings))


class SerializationError(ServiceError):
    """The body is not the JSON that the shapes ask for."""

    def __init__(self, message: str) -> None:
        super().__init__("SerializationException", message)


class UnknownOperationError(ServiceError):
    """The endpoint does not know what `X-Amz-Target` asks for."""

    def __init__(self, message: str, status: int = HTTPStatus.NOT_FOUND) -> None:
        super().__init__("UnknownOperationException", message, status)

    @classmethod
    def not_implemented(cls, service: str, operation: str, implemented: Iterable[str]) -> UnknownOperationError:
        """AWS has the operation, the local AWS has not."""
        names = ", ".join(sorted(implemented))
        has = f"; it has {names}" if names else ""
        return cls(f"the local AWS does not implement {service} {operation}{has}", HTTPStatus.NOT_IMPLEMENTED)


class InternalFailureError(ServiceError):
    """Something is wrong with the local AWS; the trace is in its log, under the request id."""

    def __init__(self, request_id: str) -> None:
        super().__init__(
            "InternalFailure",
            f"the local AWS failed on this request; its log has the trace under request id {request_id}",
            HTTPStatus.INTERNAL_SERVER_ERROR,
        )
