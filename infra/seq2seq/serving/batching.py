"""Sentences of concurrent requests, translated together.

A model translates 64 sentences in little more time than one. While it is busy, requests wait; then all that have come
meanwhile take turns in the next batch, so that a small request does not wait for a large one to be done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from ..search import SEARCH_BATCH, Hypothesis
from .errors import RequestError

Search = Callable[[Sequence[Sequence[int]]], list[Hypothesis]]

#: Sentences of one request that go into a batch before the next request has its turn.
_TURN = 16
_NO_ATTENTION = torch.zeros(0, 0)


class Batcher:
    """Gathers sentences into batches, one of which is translated at a time, in a thread of its own.

    All methods are for one event loop.

    Args:
        search: Translates word ids.
        max_batch: Most sentences of a batch.
        max_wait: Seconds that a batch waits for more sentences before it starts.
        max_waiting: Sentences that may wait; a request that comes when there are as many is refused.
    """

    def __init__(
        self, search: Search, *, max_batch: int = SEARCH_BATCH, max_wait: float = 0.005, max_waiting: int = 4096
    ) -> None:
        self._search, self._max_batch, self._max_wait, self._max_waiting = search, max_batch, max_wait, max_waiting
        self._calls: deque[_Call] = deque()
        self._arrived = asyncio.Event()
        #: Whether the model can translate; no longer once its device has failed, which no program survives.
        self.healthy = True

    async def translate(self, sources: Sequence[Sequence[int]], *, attention: bool = True) -> list[Hypothesis]:
        """Translations of a request's sentences, in their order.

        Args:
            sources: Word ids.
            attention: Whether the translations keep it; a request may have very many of them, and it is most of each.

        Raises:
            RequestError: Too much is waiting already (503).
        """
        if not sources:
            return []
        waiting = self._waiting()
        if waiting >= self._max_waiting:
            raise RequestError(503, f"{waiting} sentences are waiting already; try again later")
        call = _Call(sources, asyncio.get_running_loop().create_future(), attention)
        self._calls.append(call)
        self._arrived.set()
        # If the request is given up, its future is cancelled and the sentences that are left are skipped.
        return await call.done

    async def run(self) -> None:
        """Translates until cancelled."""
        loop = asyncio.get_running_loop()
        worker = ThreadPoolExecutor(1, "translate")
        try:
            while True:
                await self._arrived.wait()
                if self._waiting() < self._max_batch:
                    await asyncio.sleep(self._max_wait)
                batch = self._next_batch()
                if not batch:
                    self._arrived.clear()
                    continue
                sources = [call.sources[index] for call, index in batch]
                try:
                    found = await loop.run_in_executor(worker, self._search, sources)
                except Exception as error:  # whatever it is, these requests are told, and the next ones are tried
                    self.healthy = self.healthy and not isinstance(error, torch.AcceleratorError)
                    for call, _ in batch:
                        call.fail(error)
                else:
                    for (call, index), hypothesis in zip(batch, found, strict=True):
                        call.settle(index, hypothesis)
        finally:
            worker.shutdown(wait=False, cancel_futures=True)

    def _waiting(self) -> int:
        return sum(len(call.waiting) for call in self._calls if not call.done.done())

    def _next_batch(self) -> list[tuple[_Call, int]]:
        """The next sentences, the requests taking turns."""
        batch: list[tuple[_Call, int]] = []
        while self._calls and len(batch) < self._max_batch:
            call = self._calls.popleft()
            if call.done.done():
                continue
            turn = min(_TURN, self._max_batch - len(batch), len(call.waiting))
            batch += [(call, call.waiting.popleft()) for _ in range(turn)]
            if call.waiting:
                self._calls.append(call)
        return batch


class _Call:
    """A request: its sentences, those that wait, and what was found for the others."""

    def __init__(
        self, sources: Sequence[Sequence[int]], done: asyncio.Future[list[Hypothesis]], attention: bool
    ) -> None:
        self.sources, self.done, self._attention = sources, done, attention
        # Sentences of like length share a batch.
        self.waiting = deque(sorted(range(len(sources)), key=lambda index: len(sources[index])))
        self._found: dict[int, Hypothesis] = {}

    def settle(self, index: int, hypothesis: Hypothesis) -> None:
        """Notes the translation of a sentence; the last one completes the request."""
        self._found[index] = hypothesis if self._attention else hypothesis._replace(attention=_NO_ATTENTION)
        if len(self._found) == len(self.sources) and not self.done.done():
            self.done.set_result([self._found[i] for i in range(len(self.sources))])

    def fail(self, error: Exception) -> None:
        """Gives up the whole request."""
        if not self.done.done():
            self.done.set_exception(error)
