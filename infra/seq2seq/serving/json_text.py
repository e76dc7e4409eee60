"""JSON as everybody sends it: bytes to values, with one clear error for all that can be wrong."""

from __future__ import annotations

import json
from typing import Any

from .format import bad_request


def parse(text: bytes, name: str) -> Any:
    """The value of a JSON text in UTF-8; ``name`` is how errors call it."""
    try:
        return json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise bad_request(f"{name} is not UTF-8: byte 0x{text[error.start]:02x} at position {error.start}") from error
    except RecursionError:
        raise bad_request(f"{name} is not JSON that can be read: it is nested too deeply") from None
    except ValueError as error:
        raise bad_request(f"{name} is not JSON: {error}") from error


def serialize(value: object) -> bytes:
    """A value as JSON in UTF-8, on one line."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace")
