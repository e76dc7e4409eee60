"""Values as messages show them: short, whatever a template has in their place."""

from __future__ import annotations

from typing import Any, Final

_LONGEST: Final = 120
_LONGEST_TEXT: Final = 400


def shown(value: Any) -> str:
    """The value as Python writes it; of a long one the beginning, and how long it is."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text):,} characters)"


def clipped(text: str) -> str:
    """The text; of a long one the beginning, so that what stands beside it can be read as well."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}... ({len(text):,} characters)"
