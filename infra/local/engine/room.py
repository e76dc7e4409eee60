"""Room on the disk: what goes on once there is some again."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

from infra.local.home import Home
from infra.local.record import RecordError

from .store import Store

_logger = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between two looks for room."""

SETTLED = 1.0
"""Seconds after which a thread that has met the full disk has ended."""

ROOM = 1 << 20
"""Bytes that can be written where there is room."""


class Keeper(threading.Thread):
    """Lets jobs go on whose threads have ended because nothing could be written.

    A thread that cannot record what it is about to do ends, as nothing may be done that is not recorded. Once there is
    room, a new one takes over from the record, as after a restart of the engine.

    Args:
        home: The state folder.
        store: The record, which says when it cannot be used.
        start_again: Starts a thread for each job that has not ended and has none.
        closing: Set when the engine closes.
    """

    def __init__(self, home: Home, store: Store, start_again: Callable[[], None], closing: threading.Event) -> None:
        super().__init__(name="keeper", daemon=True)
        self._home = home
        self._store = store
        self._start_again = start_again
        self._closing = closing

    def run(self) -> None:
        """Wait for the next full disk, and then for room."""
        while True:
            self._store.failed.wait()
            if self._closing.is_set():
                return
            _logger.warning("jobs wait until there is room on the disk of %s", self._home.path)
            while not self._closing.is_set() and not self._has_room():
                self._closing.wait(LOOK)
            if self._closing.is_set():
                return
            self._store.failed.clear()
            for _ in range(2):  # a second time for a thread that was slow to end
                if self._closing.wait(SETTLED):
                    return
                self._go_on()

    def close(self) -> None:
        """End, now that the engine closes."""
        self._store.failed.set()
        if self.is_alive():
            self.join()

    def _has_room(self) -> bool:
        trial = self._home.path / f"room.{os.getpid()}.partial"
        try:
            with trial.open("wb") as file:
                file.write(bytes(ROOM))
                file.flush()
                os.fsync(file.fileno())
            self._store.try_to_write()
        except (OSError, RecordError):
            return False
        finally:
            trial.unlink(missing_ok=True)
        return True

    def _go_on(self) -> None:
        try:
            self._start_again()
        except RecordError as error:
            _logger.warning("jobs wait: %s", error)
        else:
            _logger.info("there is room on the disk of %s: all jobs go on", self._home.path)
