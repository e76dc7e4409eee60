"""Answers about a whole request, put together from answers about its parts, which other jobs have in common with it.

The jobs of an app mostly differ in few values: a seed, a channel. Remembering what was found of ranges, channels or an
algorithm halves the Python time of a job whose ranges came before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from infra.handlers.keyed import FREE
from infra.handlers.remembered import exactly, remembered

Answer = TypeVar("Answer")
Named = tuple[str, Any]


def by_parts(
    of_part: Callable[[Named], Answer], join: Callable[[dict[str, Answer]], Answer]
) -> Callable[[Mapping[str, Any]], Answer]:
    """A function of a request.

    Args:
        of_part: the answer for a part, from its name and value.
        join: the answer for a structure, from the answers for its members; that for all of it at once is the same.
    """
    of_known_part = remembered(exactly)(of_part)

    def of_structure(value: Mapping[str, Any], of_member: Callable[[Named], Answer]) -> Answer:
        # To remember a single value takes longer than to look at it.
        return join(
            {
                name: of_member((name, item)) if isinstance(item, dict | list) else of_part((name, item))
                for name, item in value.items()
            }
        )

    @remembered(exactly)
    def of_member(named: Named) -> Answer:
        name, value = named
        is_structure = isinstance(value, dict) and name not in FREE
        return of_structure(value, of_known_part) if is_structure else of_part(named)

    return lambda request: of_structure(request, of_member)
