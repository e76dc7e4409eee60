"""The HTTP side: routes, limits of a body, errors as JSON."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Mapping
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..search import Hypothesis
from ..translator import Translator
from .batching import Batcher
from .errors import RequestError
from .format import Format, Sentence
from .media_types import negotiate

_MIB = 1 << 20
#: Seconds for which the rest of a body that is too large is taken, so that its sender gets to read why.
_DISCARD_SECONDS = 10
#: How many requests batch transform may make at a time: enough to fill a batch while the last one is translated.
_CONCURRENT_TRANSFORMS = 4


def create_app(translator: Translator, batcher: Batcher, *, max_payload_mib: int) -> Starlette:
    """The application.

    Args:
        translator: The model.
        batcher: Runs while the application does.
        max_payload_mib: Largest body of a request.
    """
    routes = _Routes(translator, batcher, max_payload_mib)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        running = asyncio.create_task(batcher.run())
        yield
        running.cancel()

    return Starlette(
        routes=[
            Route("/ping", routes.ping),
            Route("/invocations", routes.invocations, methods=["POST"]),
            Route("/execution-parameters", routes.execution_parameters),
        ],
        exception_handlers={RequestError: _refused, HTTPException: _unroutable, Exception: _failed},
        lifespan=lifespan,
    )


class _Routes:
    def __init__(self, translator: Translator, batcher: Batcher, max_payload_mib: int) -> None:
        self._translator, self._batcher, self._max_payload_mib = translator, batcher, max_payload_mib

    async def ping(self, _: Request) -> Response:
        """Healthy from the start, for the server starts once the model is loaded; a lost GPU wants a new server."""
        return Response(status_code=HTTPStatus.OK if self._batcher.healthy else HTTPStatus.SERVICE_UNAVAILABLE)

    async def execution_parameters(self, _: Request) -> Response:
        """How batch transform should call, where its job does not say."""
        return JSONResponse(
            {
                "MaxConcurrentTransforms": _CONCURRENT_TRANSFORMS,
                "BatchStrategy": "MULTI_RECORD",
                "MaxPayloadInMB": self._max_payload_mib,
            }
        )

    async def invocations(self, request: Request) -> Response:
        """Translates the sentences of the body."""
        chosen = negotiate(request.headers.get("content-type", ""), request.headers.get("accept", ""))
        try:
            body = await self._body(request)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody
        if not body:
            raise RequestError(400, "the body is empty: send at least one sentence")
        # Large bodies take a while, which pings must not wait for.
        sentences = await asyncio.to_thread(chosen.read, body, self._translator)
        words, attention = [sentence.words for sentence in sentences], any(sentence.matrix for sentence in sentences)
        found = await _unless_gone(request, self._batcher.translate(words, attention=attention))
        if found is None:
            return Response(status_code=400)  # to nobody
        return await asyncio.to_thread(self._answer, chosen, sentences, found)

    def _answer(self, chosen: Format, sentences: list[Sentence], found: list[Hypothesis]) -> Response:
        return Response(chosen.write(sentences, found, self._translator), headers={"Content-Type": chosen.media_type})

    async def _body(self, request: Request) -> bytes:
        encoding = request.headers.get("content-encoding", "identity")
        if encoding.strip().lower() != "identity":
            raise RequestError(415, f"Content-Encoding must be identity: send the body as it is, not by {encoding}")
        parts, size = [], 0
        stream = request.stream()
        async for part in stream:
            parts.append(part)
            size += len(part)
            if size > self._max_payload_mib * _MIB:
                parts.clear()
                await _discard(stream)
                raise RequestError(
                    413,
                    f"the body must have at most {self._max_payload_mib} MiB; send the sentences in several requests",
                )
        return b"".join(parts)


async def _discard(stream: AsyncIterator[bytes]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            async for _ in stream:
                pass


async def _unless_gone(
    request: Request, translating: Coroutine[None, None, list[Hypothesis]]
) -> list[Hypothesis] | None:
    """What the translation gives; None if the client hung up before, and then nothing more is translated for it."""
    work = asyncio.ensure_future(translating)
    gone = asyncio.ensure_future(request.receive())  # after the body there is nothing to receive but the disconnection
    try:
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        return await work if work.done() else None
    finally:
        gone.cancel()
        work.cancel()


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101  what it is registered for
    return _error(
        error.status, str(error), {"Retry-After": "1"} if error.status == HTTPStatus.SERVICE_UNAVAILABLE else None
    )


async def _unroutable(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what it is registered for
    return _error(
        error.status_code,
        f"{request.method} {request.url.path}: {error.detail.lower()}; there are GET /ping and POST /invocations",
        error.headers,
    )


async def _failed(_: Request, error: Exception) -> Response:
    # The trace goes to the log: Starlette raises the error once more.
    return _error(500, f"the server has an error of its own: {type(error).__name__}; its log has more")
