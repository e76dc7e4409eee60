"""What no test may leave behind for the next one in the same process."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def floating_point_as_the_standard_has_it() -> Iterator[None]:
    """Training programs flush subnormal numbers to zero; run in this process, they would do so for every test."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
