"""Sorting, filtering and pages of list operations."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .messages import validation

Item = TypeVar("Item")

DEFAULT_PAGE = 10
"""Entries of a page where the request names no number."""


def page(
    request: dict[str, Any], items: Iterable[Item], *, key: Callable[[Item], Any], name: Callable[[Item], str]
) -> tuple[list[Item], dict[str, str]]:
    """The page that a list request asks for, and the members that go beside it.

    A token holds where the page before it ended, not a position: entries that appear meanwhile shift nothing.

    Args:
        request: MaxResults, NextToken and SortOrder are read.
        items: All that match.
        key: What to sort by: text or a number.
        name: Names are unique and decide among equals.

    Returns:
        The page's items, and `NextToken` if there are more.
    """
    descending = request.get("SortOrder") == "Descending"

    def place(item: Item) -> list[Any]:
        return [key(item), name(item)]

    ordered = sorted(items, key=place, reverse=descending)
    if (token := request.get("NextToken")) is not None:
        last = _place_of(token)
        try:
            ordered = [i for i in ordered if (place(i) < last if descending else place(i) > last)]
        except TypeError:
            raise _invalid(token) from None
    size = request.get("MaxResults", DEFAULT_PAGE)
    shown = ordered[:size]
    return shown, {"NextToken": _token(place(shown[-1]))} if len(ordered) > size else {}


def matches(request: dict[str, Any], *, name: str, status: str, created: float, modified: float) -> bool:
    """Whether an entry passes the request's filters; both bounds of time are exclusive, as the words say."""
    after, before = _seconds(request, "CreationTimeAfter"), _seconds(request, "CreationTimeBefore")
    modified_after = _seconds(request, "LastModifiedTimeAfter")
    modified_before = _seconds(request, "LastModifiedTimeBefore")
    created, modified = round(created, 3), round(modified, 3)  # as the API shows them
    return (
        request.get("NameContains", "").lower() in name.lower()
        and request.get("StatusEquals", status) == status
        and (after is None or created > after)
        and (before is None or created < before)
        and (modified_after is None or modified > modified_after)
        and (modified_before is None or modified < modified_before)
    )


def _seconds(request: dict[str, Any], member: str) -> float | None:
    moment = request.get(member)
    return None if moment is None else round(moment.timestamp(), 3)


def _token(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place_of(token: str) -> list[Any]:
    try:
        place = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        raise _invalid(token) from None
    if not isinstance(place, list):
        raise _invalid(token)
    return place


def _invalid(token: str) -> Exception:
    return validation(f"NextToken {token!r} is not valid: it must come from an earlier page of the same request.")
