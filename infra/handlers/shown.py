"""Values and texts as messages show them: short, whatever a template has in their place."""

from __future__ import annotations

import re
from typing import Any, Final

_LONGEST: Final = 120
_LONGEST_TEXT: Final = 400
# In an answer each of these takes six bytes, and no reader can see them.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def shown(value: Any) -> str:
    """The value as Python writes it; of a long one the beginning, and how long it is."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text):,} characters)"


def clipped(text: str) -> str:
    """The text; of a long one the beginning, so that what stands beside it can be read as well."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}... ({len(text):,} characters)"


def shortened(text: str, longest: int) -> str:
    """The text for an answer, of which ``longest`` bytes fit."""
    encoded = _CONTROL.sub("?", text).encode(errors="replace")
    if len(encoded) <= longest:
        return encoded.decode()
    return encoded[:longest].decode(errors="ignore") + " [...]"
