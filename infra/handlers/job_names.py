"""The form of a tuning job's name, which is ``<prefix>-<hash>``."""

from __future__ import annotations

import re
from typing import Final

LONGEST_NAME: Final = 32
HASH_DIGITS: Final = 10
LONGEST_PREFIX: Final = LONGEST_NAME - HASH_DIGITS - 1


def default_prefix(name: str) -> str:
    """A valid prefix made from a construct's id, or from the name that a request has."""
    words = "-".join(re.findall(r"[a-zA-Z0-9]+", name))[:LONGEST_PREFIX].rstrip("-")
    return words if words else "job"
