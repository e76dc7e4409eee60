"""Patterns of the service models. They are Java's, matched against the whole value."""

from __future__ import annotations

import functools

import regex

# Java writes characters beyond the basic plane as surrogate pairs; in Python they are one character.
_SURROGATE_PAIRS = r"\uD800\uDC00-\uDBFF\uDFFF"
_BEYOND_BASIC_PLANE = r"\U00010000-\U0010FFFF"


@functools.cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    # Java's \d, \s and \w are ASCII, its \p{L} is not; the ASCII flag of `regex` would narrow both.
    flags = 0 if r"\p{" in pattern else regex.ASCII
    return regex.compile(pattern.replace(_SURROGATE_PAIRS, _BEYOND_BASIC_PLANE), flags)


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value is in the pattern's language."""
    return _compiled(pattern).fullmatch(value) is not None
