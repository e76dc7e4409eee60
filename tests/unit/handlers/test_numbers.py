"""Numbers keep their value as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.handlers.numbers import exact, number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5e-05, "0.00005"),
        (0.1 + 0.2, "0.30000000000000004"),
        (2**53, "9007199254740992"),
        (2**63 + 1, "9223372036854775809"),
        (1.0, "1"),
        (0, "0"),
        (-0.0, "0"),
        (100, "100"),
        (100.0, "100"),
        (1e22, "10000000000000000000000"),
        (-2.34, "-2.34"),
        (5e-324, "5e-324"),
    ],
)
def test_exact(value: float, text: str) -> None:
    assert exact(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_exact_reads_back_as_the_same_number_and_fits_the_api(value: float) -> None:
    text = exact(value)

    assert (float(text) if isinstance(value, float) else int(text)) == value
    assert "e" not in text or (len(f"{value:f}") > 0 and abs(math.log10(abs(value))) > 200)
    assert isinstance(value, int) or len(text) <= 256


@pytest.mark.parametrize(("text", "value"), [("7", 7), ("7.0", 7.0), ("1e-3", 0.001), ("x", None), ("", None)])
def test_number(text: str, value: float | None) -> None:
    found = number(text)

    assert found == value
    assert type(found) is type(value)
