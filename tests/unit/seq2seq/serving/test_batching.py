"""Batches: who shares one, who waits, who is refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.seq2seq.search import Hypothesis
from infra.seq2seq.serving.batching import Batcher
from infra.seq2seq.serving.errors import RequestError


class Model:
    """Answers the words of a sentence in reverse; a closed gate keeps it busy."""

    def __init__(self) -> None:
        self.batches: list[list[list[int]]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def search(self, sources: Sequence[Sequence[int]]) -> list[Hypothesis]:
        self.batches.append([list(words) for words in sources])
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return [Hypothesis(list(words)[::-1], 0.0, torch.eye(len(words))) for words in sources]

    async def busy(self, batches: int = 1) -> None:
        while len(self.batches) < batches:
            await asyncio.sleep(0.001)


def run(batcher: Callable[[], Batcher], work: Callable[[Batcher], Awaitable[None]]) -> None:
    async def main() -> None:
        made = batcher()
        running = asyncio.create_task(made.run())
        await work(made)
        running.cancel()

    asyncio.run(main())


def words(found: Sequence[Hypothesis]) -> list[list[int]]:
    return [each.words for each in found]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=40), max_size=6),
    st.integers(1, 20),
)
def test_each_request_gets_its_own_sentences_in_order(requests: list[list[list[int]]], max_batch: int) -> None:
    model = Model()

    async def work(batcher: Batcher) -> None:
        found = await asyncio.gather(*(batcher.translate(request) for request in requests))
        assert [words(each) for each in found] == [[s[::-1] for s in request] for request in requests]

    run(lambda: Batcher(model.search, max_batch=max_batch, max_wait=0), work)
    assert all(len(batch) <= max_batch for batch in model.batches)
    assert sum(len(batch) for batch in model.batches) == sum(len(request) for request in requests)


def test_requests_that_come_together_share_a_batch() -> None:
    model = Model()

    async def work(batcher: Batcher) -> None:
        await asyncio.gather(*(batcher.translate([[i]]) for i in range(5)))

    run(lambda: Batcher(model.search), work)
    assert model.batches == [[[0], [1], [2], [3], [4]]]


def test_a_small_request_does_not_wait_for_a_large_one() -> None:
    model = Model()

    async def work(batcher: Batcher) -> None:
        large = asyncio.create_task(batcher.translate([[1]] * 1000))
        await model.busy()
        assert words(await batcher.translate([[2, 3]])) == [[3, 2]]
        assert not large.done()
        assert len(await large) == 1000

    run(lambda: Batcher(model.search, max_wait=0), work)


def test_attention_is_kept_for_those_who_want_it() -> None:
    model = Model()

    async def work(batcher: Batcher) -> None:
        wanted, unwanted = await asyncio.gather(
            batcher.translate([[1, 2]]), batcher.translate([[3, 4]], attention=False)
        )
        assert (words(wanted), words(unwanted)) == ([[2, 1]], [[4, 3]])
        assert [each.attention.numel() for each in (*wanted, *unwanted)] == [4, 0]

    run(lambda: Batcher(model.search), work)


def test_too_much_at_a_time_is_refused() -> None:
    model = Model()

    async def work(batcher: Batcher) -> None:
        model.gate.clear()
        first = asyncio.create_task(batcher.translate([[1]]))
        await model.busy()
        second = asyncio.create_task(batcher.translate([[2]] * 3))
        await asyncio.sleep(0)
        with pytest.raises(RequestError, match=r"^3 sentences are waiting already; try again later$") as error:
            await batcher.translate([[3]])
        assert error.value.status == 503
        model.gate.set()
        assert (words(await first), words(await second)) == ([[1]], [[2]] * 3)

    run(lambda: Batcher(model.search, max_waiting=3), work)


def test_what_nobody_waits_for_is_not_translated() -> None:
    model = Model()

    async def work(batcher: Batcher) -> None:
        model.gate.clear()
        first = asyncio.create_task(batcher.translate([[1]]))
        await model.busy()
        given_up = asyncio.create_task(batcher.translate([[2]] * 100))
        await asyncio.sleep(0)
        given_up.cancel()
        model.gate.set()
        await first
        await batcher.translate([[3]])

    run(lambda: Batcher(model.search), work)
    assert model.batches == [[[1]], [[3]]]


def test_an_error_of_the_model_goes_to_the_requests_of_its_batch_alone() -> None:
    model = Model()

    async def work(batcher: Batcher) -> None:
        model.error = RuntimeError("out of memory")
        with pytest.raises(RuntimeError, match=r"^out of memory$"):
            await batcher.translate([[1]])
        model.error = None
        assert words(await batcher.translate([[2]])) == [[2]]

    run(lambda: Batcher(model.search), work)
