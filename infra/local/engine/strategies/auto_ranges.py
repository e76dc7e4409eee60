"""AutoParameters: ranges around a hint. SageMaker publishes no rule; this one is ours.

| hint | range |
|---|---|
| a whole number from 1 | integers from a quarter of it to four times it |
| 0 | integers from 0 to 4 |
| a negative whole number | integers from four times it to a quarter of it |
| a number above 1 (1.0 too) | from a tenth of it to ten times it, logarithmic |
| a number between 0 and 1 | from a tenth of it to ten times it or half way to 1, whichever is less, logarithmic |
| 0.0 | from 0 to 1 |
| a negative number | from twice it to half of it |
| true or false, in any case | both, as the hint is written |
| any other text | the hint alone |
"""

from __future__ import annotations

import math
import re

from .space import LINEAR, LOGARITHMIC, CategoricalRange, ContinuousRange, IntegerRange, Range

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_OPPOSITE = {"true": "false", "false": "true"}


def auto_range(name: str, hint: str) -> Range:
    """The range of an auto parameter."""
    if _WHOLE.fullmatch(hint):
        return _integers(name, int(hint))
    number = _number(hint)
    if number is not None:
        return _numbers(name, number)
    if hint.lower() in _OPPOSITE:
        return CategoricalRange(name, (hint, _in_case_of(hint, _OPPOSITE[hint.lower()])))
    return CategoricalRange(name, (hint,))


def _integers(name: str, hint: int) -> IntegerRange:
    if hint == 0:
        return IntegerRange(name, 0, 4)
    if hint < 0:
        return IntegerRange(name, 4 * hint, -(-hint // 4))
    low = max(1, hint // 4)
    return IntegerRange(name, low, 4 * hint, LOGARITHMIC if hint >= 4 * low else LINEAR)


def _numbers(name: str, hint: float) -> ContinuousRange:
    if hint == 0:
        return ContinuousRange(name, 0.0, 1.0)
    if hint < 0:
        return ContinuousRange(name, 2 * hint, hint / 2)
    high = min(10 * hint, (1 + hint) / 2) if hint < 1 else 10 * hint
    return ContinuousRange(name, hint / 10, high, LOGARITHMIC)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _in_case_of(hint: str, word: str) -> str:
    if hint.isupper():
        return word.upper()
    return word.capitalize() if hint[0].isupper() else word
