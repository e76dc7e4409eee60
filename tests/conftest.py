"""What no test may leave behind for the next one in the same process."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
# A shell ignores SIGINT in what it runs in the background, and children inherit that: tests press Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def floating_point_as_the_standard_has_it() -> Iterator[None]:
    """Training programs flush subnormal numbers to zero; run in this process, they would do so for every test."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
