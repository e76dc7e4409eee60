"""What the application answers when the model cannot do its work, without a server around it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from unittest.mock import Mock

import pytest
import torch

from infra.seq2seq.search import Hypothesis
from infra.seq2seq.serving.app import create_app
from infra.seq2seq.serving.batching import Batcher
from infra.seq2seq.translator import Translator


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("a sentence that it cannot do"), 200),
        (torch.OutOfMemoryError("a batch that is too large"), 200),
        (torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), 503),
    ],
    ids=["error", "memory", "device"],
)
def test_a_ping_tells_whether_the_device_has_failed(error: Exception, status: int) -> None:
    def fail(_: Sequence[Sequence[int]]) -> list[Hypothesis]:
        raise error

    async def main() -> None:
        batcher = Batcher(fail, max_wait=0)
        app = create_app(Mock(Translator), batcher, max_payload_mib=1)
        running = asyncio.create_task(batcher.run())
        assert await _ping(app) == 200
        with pytest.raises(type(error)):
            await batcher.translate([[1]])
        assert await _ping(app) == status
        running.cancel()

    asyncio.run(main())


async def _ping(app: Any) -> int:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/ping", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status
