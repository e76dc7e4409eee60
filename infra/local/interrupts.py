"""Ctrl-C and SIGTERM while processes are started and ended."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

Handler = Callable[[int, FrameType | None], object]


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Let the block finish first: a signal that comes meanwhile raises KeyboardInterrupt after it."""
    arrived: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)

    with handled_by({signal.SIGINT: note, signal.SIGTERM: note}):
        yield
    if arrived:
        raise KeyboardInterrupt


@contextlib.contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """SIGTERM raises KeyboardInterrupt, as Ctrl-C does, so that clean-up happens."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with handled_by({signal.SIGTERM: interrupt}):
        yield


@contextlib.contextmanager
def handled_by(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    """Other signal handlers inside the block."""
    # Python gives signals to the main thread alone; elsewhere nothing interrupts a block.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
