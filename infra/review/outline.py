"""A request for reading: one line for each member, indented by its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.review.request import intrinsic_text, is_intrinsic

_STEP = "  "


def outline(request: Mapping[str, Any]) -> str:
    """The request as an indented outline; intrinsics stand in parentheses."""
    return "\n".join(_structure(request))


def _structure(structure: Mapping[str, Any]) -> Iterator[str]:
    for name, value in structure.items():
        if _is_plain(value):
            yield f"{name}: {_plain(value)}"
        else:
            yield f"{name}"
            yield from (f"{_STEP}{line}" for line in _lines(value))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from _structure(value)
        return
    for item in value:
        if _is_plain(item):
            yield f"- {_plain(item)}"
            continue
        for index, line in enumerate(_lines(item)):
            yield f"{'- ' if index == 0 else _STEP}{line}"


def _is_plain(value: Any) -> bool:
    if is_intrinsic(value) or not isinstance(value, Mapping | list) or not value:
        return True
    return isinstance(value, list) and all(not isinstance(item, Mapping | list) for item in value)


def _plain(value: Any) -> str:
    if is_intrinsic(value):
        return f"({intrinsic_text(value)})"
    if isinstance(value, list):
        return f"[{', '.join(_plain(item) for item in value)}]"
    if isinstance(value, str):
        return value if value.isprintable() and value.strip() == value and value else json.dumps(value)
    return json.dumps(value)
