"""What the endpoint asks of a service, and how a service refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

from infra.local.record import RecordWriteError

Context = TypeVar("Context")


@runtime_checkable
class Service(Protocol):
    """One AWS service behind the endpoint.

    The endpoint has checked the request against botocore's model before it calls. Calls are blocking and may come
    from several threads at once.

    A service that leaves operations out has `operations`, the names that it implements; without that attribute every
    operation of the model counts as implemented, and one that is not raises NotImplementedError.
    """

    name: str
    """botocore's service name, such as "sagemaker"."""

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation.

        Args:
            operation: The operation's name in the model, such as "CreateTrainingJob".
            request: The members as boto3 users write them: timestamps are aware datetimes, blobs are bytes.

        Returns:
            The members of the output shape, as boto3 users read them. Members that the shape lacks are dropped.

        Raises:
            ServiceError: The service refuses.
            NotImplementedError: The operation is not implemented; the endpoint words the answer.
        """
        ...

    def close(self) -> None:
        """Let go of files and threads; called once, after the last call."""
        ...


class ServiceError(Exception):
    """A refusal as the service words it.

    Args:
        code: The error code of botocore's model ("ResourceInUse"), or a common one ("ValidationException").
        message: The text as the service words it.
        status: The HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def answer(
    operations: Mapping[str, Callable[[Context, dict[str, Any]], dict[str, Any]]],
    context: Context,
    operation: str,
    request: dict[str, Any],
) -> dict[str, Any]:
    """Answer one operation by a table of functions, as `Service.call` is to do it.

    Args:
        operations: A function for each operation that is implemented.
        context: What each of them is given beside the request.
        operation: See `Service.call`.
        request: See `Service.call`.
    """
    if operation not in operations:
        raise NotImplementedError(operation)
    try:
        return operations[operation](context, request)
    except RecordWriteError as error:
        raise ServiceError("InternalFailure", str(error), 500) from error
