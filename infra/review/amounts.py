"""Amounts that may be known at deployment only: they are shown as such and never guessed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeGuard

from infra.review.request import Intrinsic


@dataclass(frozen=True)
class Unknown:
    """An amount that cannot be known now.

    Attributes:
        reason: why, such as ``max_runtime is known at deployment (Ref Hours)``.
    """

    reason: str

    def __str__(self) -> str:
        return f"unknown: {self.reason}"


Whole = int | Unknown
Amount = int | Decimal | Unknown


def whole(structure: Mapping[str, Any], member: str, default: Whole) -> Whole:
    """A whole number of a request; ``default`` where it is not given."""
    value = structure.get(member)
    if value is None:
        return default
    return value if isinstance(value, int) else unknown(value, member)


def unknown(value: Any, what: str) -> Unknown:
    """What is to say about a value that is no plain one."""
    return Unknown(f"{what} is {value}" if isinstance(value, Intrinsic) else f"{what} is not readable: {value!r}")


def section(structure: Any, *members: str) -> Mapping[str, Any]:
    """A structure inside a request by its path; an empty one where it is not given or known at deployment only."""
    for member in members:
        structure = structure.get(member) if isinstance(structure, Mapping) else None
    return structure if isinstance(structure, Mapping) else {}


def entries(value: Any) -> list[Mapping[str, Any]]:
    """The structures in a list of a request; none where it is known at deployment only."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def known(amount: Amount) -> TypeGuard[int | Decimal]:
    """Whether an amount is a number."""
    return not isinstance(amount, Unknown)


def product(factors: Iterable[Amount]) -> Amount:
    """The product of all factors; unknown if one of them is."""
    return _folded(operator.mul, factors, 1)


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum of all amounts; unknown if one of them is."""
    return _folded(operator.add, amounts, 0)


def largest(amounts: Iterable[Amount]) -> Amount:
    """The largest amount; unknown if one of them is."""
    return _folded(max, amounts, 0)


def _folded(combine: Callable[[Any, Any], Any], amounts: Iterable[Amount], start: int) -> Amount:
    result: int | Decimal = start
    for amount in amounts:
        if isinstance(amount, Unknown):
            return amount
        result = combine(result, amount)
    return result


def lowest_known(bounds: Iterable[Amount]) -> Amount:
    """The lowest of several upper bounds: what one of them says holds, even if others are unknown."""
    given = list(bounds)
    numbers = [bound for bound in given if known(bound)]
    if numbers:
        return min(numbers)
    reasons = dict.fromkeys(bound.reason for bound in given if isinstance(bound, Unknown))
    return Unknown("; ".join(reasons))
