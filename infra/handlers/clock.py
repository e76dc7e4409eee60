"""Time, in one place, so that tests can let it pass."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds since 1970."""
    return time.time()


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
