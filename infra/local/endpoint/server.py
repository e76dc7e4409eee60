"""The HTTP side: find the service, check the request, call, serialise."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import anyio.to_thread
import botocore.session
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.endpoint import protocol
from infra.local.endpoint.errors import InternalFailureError, UnknownOperationError
from infra.local.endpoint.service import Service, ServiceError
from infra.local.endpoint.validation import validate

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Far above what any of these operations needs; a body without an end must not fill the memory."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Mounted:
    service: Service
    model: ServiceModel

    @property
    def implemented(self) -> Sequence[str] | None:
        """Names of the operations; None where the service does not say."""
        return getattr(self.service, "operations", None)

    def operation(self, name: str) -> OperationModel:
        try:
            operation = self.model.operation_model(name)
        except OperationNotFoundError as error:
            raise UnknownOperationError(f"{self.service.name} has no operation {name}") from error
        if self.implemented is not None and name not in self.implemented:
            raise self.not_implemented(name)
        return operation

    def not_implemented(self, name: str) -> UnknownOperationError:
        implemented = self.implemented
        return UnknownOperationError.not_implemented(
            self.service.name, name, () if implemented is None else implemented
        )


class Dispatcher:
    """Services by the prefix that their clients put into `X-Amz-Target`.

    Args:
        services: Any with a botocore model of the JSON protocol.

    Raises:
        ValueError: A service that speaks another protocol.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        session = botocore.session.Session()
        self._mounted: dict[str, _Mounted] = {}
        for service in services:
            model = session.get_service_model(service.name)
            if model.protocol != "json":
                raise ValueError(f"{service.name} speaks {model.protocol}, and this endpoint JSON only")
            self._mounted[model.metadata["targetPrefix"]] = _Mounted(service, model)

    @property
    def names(self) -> list[str]:
        """botocore's names of the services."""
        return sorted(mounted.service.name for mounted in self._mounted.values())

    def call(self, target: str, body: bytes) -> tuple[bytes, str]:
        """Answer one request; blocking.

        Args:
            target: The header `X-Amz-Target`, `<prefix>.<operation>`.
            body: The JSON.

        Returns:
            The answer's body and its content type.

        Raises:
            ServiceError: The endpoint or the service refuses.
        """
        prefix, _, name = target.rpartition(".")
        mounted = self._mounted.get(prefix)
        if mounted is None:
            raise UnknownOperationError(
                f"X-Amz-Target {target!r} names no service of this endpoint; it has {', '.join(self.names)}"
            )
        operation = mounted.operation(name)
        answer = self._answer(mounted, operation, protocol.loads(body))
        version = mounted.model.metadata.get("jsonVersion", "1.1")
        return protocol.dumps(operation.output_shape, answer), f"application/x-amz-json-{version}"

    @staticmethod
    def _answer(mounted: _Mounted, operation: OperationModel, body: dict[str, Any]) -> dict[str, Any]:
        shape = operation.input_shape
        request = {} if shape is None else protocol.decode(shape, body)
        validate(shape, request)
        try:
            return mounted.service.call(operation.name, request)
        except NotImplementedError as error:
            raise mounted.not_implemented(operation.name) from error

    def close(self) -> None:
        """Close every service, also where one fails to."""
        for mounted in self._mounted.values():
            try:
                mounted.service.close()
            except Exception:
                _log.exception("closing %s failed", mounted.service.name)


def create_app(services: Sequence[Service]) -> Starlette:
    """The endpoint as an ASGI application; its shutdown closes the services."""
    dispatcher = Dispatcher(services)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "services": dispatcher.names})

    async def call(request: Request) -> Response:
        return await _respond(dispatcher, request)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await anyio.to_thread.run_sync(dispatcher.close)

    routes = [Route("/_health", health, methods=["GET"]), Route("/", call, methods=["POST"])]
    return Starlette(routes=routes, lifespan=lifespan)


async def _respond(dispatcher: Dispatcher, request: Request) -> Response:
    request_id = str(uuid.uuid4())
    target = request.headers.get("x-amz-target", "")
    started = time.monotonic()
    try:
        body = await _read(request)
        content, media_type = await anyio.to_thread.run_sync(dispatcher.call, target, body)
        response = Response(content, media_type=media_type)
    except ServiceError as error:
        response = _refusal(error)
    except Exception:
        _log.exception("%s failed, request id %s", target, request_id)
        response = _refusal(InternalFailureError(request_id))
    response.headers["x-amzn-RequestId"] = request_id
    _log.info(
        "%s %s %s %.0f ms",
        target,
        response.status_code,
        response.headers.get("x-amzn-ErrorType", "-"),
        1000 * (time.monotonic() - started),
    )
    return response


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ServiceError(
                "RequestEntityTooLargeException",
                f"the request is larger than {MAX_BODY_BYTES} bytes",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
    return bytes(body)


def _refusal(error: ServiceError) -> Response:
    return JSONResponse(
        {"__type": error.code, "message": error.message},
        status_code=error.status,
        headers={"x-amzn-ErrorType": error.code},
        media_type="application/x-amz-json-1.1",
    )
