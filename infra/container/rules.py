"""Types and valid values of hyperparameters: each rule parses a string, formats a value and names itself in errors."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Protocol


class Rule(Protocol):
    """What a hyperparameter may be; ``str(rule)`` completes the sentence "must be ..."."""

    def parse(self, text: str) -> Any:
        """Gives the value of this text, or raises ValueError."""
        ...

    def format(self, value: Any) -> str:
        """Gives the text whose value this is."""
        ...


@dataclasses.dataclass(frozen=True)
class IntegerRule:
    """A whole number from ``minimum`` on that is a multiple, or the one special value ``also``."""

    minimum: int
    multiple_of: int = 1
    also: int | None = None

    def parse(self, text: str) -> int:
        """Gives the whole number; "7.0" is none."""
        value = int(text)
        if value == self.also or (value >= self.minimum and value % self.multiple_of == 0):
            return value
        raise ValueError(text)

    def format(self, value: int) -> str:
        """Gives its decimal digits."""
        return str(value)

    def __str__(self) -> str:
        even = "even " if self.multiple_of == 2 else ""
        also = "" if self.also is None else f", or {self.also}"
        return f"an {even}integer of at least {self.minimum}{also}"


@dataclasses.dataclass(frozen=True)
class NumberRule:
    """A finite number within bounds: ``minimum`` and ``maximum`` inclusive, ``above`` and ``below`` exclusive."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def parse(self, text: str) -> float:
        """Gives the number."""
        value = float(text)
        if not math.isfinite(value) or not self._within(value):
            raise ValueError(text)
        return value

    def _within(self, value: float) -> bool:
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    def format(self, value: float) -> str:
        """Gives the shortest text with exactly this value."""
        return repr(float(value))

    def __str__(self) -> str:
        words = {"of at least": self.minimum, "of at most": self.maximum, "above": self.above, "below": self.below}
        bounds = [f"{word} {bound:g}" for word, bound in words.items() if bound is not None]
        return " ".join(["a number", " and ".join(bounds)]) if bounds else "a finite number"


@dataclasses.dataclass(frozen=True)
class ChoiceRule:
    """One of some words."""

    options: tuple[str, ...]

    def parse(self, text: str) -> str:
        """Gives the word itself."""
        if text not in self.options:
            raise ValueError(text)
        return text

    def format(self, value: str) -> str:
        """Gives the word itself."""
        return value

    def __str__(self) -> str:
        return self.options[0] if len(self.options) == 1 else f"one of {', '.join(self.options)}"


@dataclasses.dataclass(frozen=True)
class BooleanRule:
    """``true`` or ``false``; Python's spelling is taken too, since SDKs send ``str(True)``."""

    def parse(self, text: str) -> bool:
        """Gives the truth value."""
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"

    def format(self, value: bool) -> str:
        """Gives ``true`` or ``false``."""
        return "true" if value else "false"

    def __str__(self) -> str:
        return "true or false"


def integer(default: int | None, *, minimum: int, multiple_of: int = 1, also: int | None = None) -> Any:
    """A dataclass field for a whole number."""
    return _field(default, IntegerRule(minimum, multiple_of, also))


def number(
    default: float | None,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> Any:
    """A dataclass field for a number."""
    return _field(default, NumberRule(minimum, maximum, above, below))


def choice(default: str, *options: str) -> Any:
    """A dataclass field for one of some words."""
    return _field(default, ChoiceRule(options))


def boolean(default: bool) -> Any:
    """A dataclass field for true or false."""
    return _field(default, BooleanRule())


def rule_of(field: dataclasses.Field[Any]) -> Rule:
    """The rule of a field that one of the functions above made."""
    rule: Rule = field.metadata["rule"]
    return rule


def _field(default: Any, rule: Rule) -> Any:
    return dataclasses.field(default=default, metadata={"rule": rule})
