"""What no test may leave behind for the next one in the same process."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def floating_point_as_the_standard_has_it() -> Iterator[None]:
    """Training programs flush subnormal numbers to zero for speed; called in this process, they set it for all tests."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
