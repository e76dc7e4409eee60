"""Numbers as text without loss: the API takes ranges' bounds as strings, CloudFormation makes strings of everything."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

_LONGEST = 256  # of a parameter value in the API


def exact(value: float) -> str:
    """The shortest decimal string that reads back as the same number.

    Positional notation, since not every algorithm reads exponents: ``5e-05`` is ``"0.00005"``, ``0.1 + 0.2`` is
    ``"0.30000000000000004"``, ``2**53`` is ``"9007199254740992"`` and ``1.0`` is ``"1"``. A number whose positional
    form would exceed the API's 256 characters keeps its exponent; infinities and NaN stay words, which rules refuse.
    """
    if isinstance(value, int):
        return str(int(value))
    text = repr(float(value))
    number = Decimal(text)
    if not number.is_finite():
        return text
    positional = format(number, "f")
    if "." in positional:
        positional = positional.rstrip("0").rstrip(".")
    if positional == "-0":
        return "0"
    return positional if len(positional) <= _LONGEST else text


@lru_cache(maxsize=4096)  # the bounds of a declaration are asked for by several rules, and are those of the next one
def number(text: str) -> float | None:
    """The number that a bound's text stands for, as an int if it is written as one; None if it is no number."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
