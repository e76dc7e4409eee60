"""What a rule is: a function over a request that yields findings, registered under its ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final


class Severity(Enum):
    """What a finding means: an error stops the synthesis, a warning is shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One broken rule.

    Attributes:
        rule: the rule's id, such as ``R1``.
        prop: the public name of the prop, such as ``ranges["learning_rate"]``.
        text: the rule, and the value got.
        severity: error or warning. Default: error.
    """

    rule: str
    prop: str
    text: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.rule} {self.prop}: {self.text}"


class Unresolved:
    """Stands for a value that is known at deployment only; rules skip it."""

    def __repr__(self) -> str:
        return "<known at deployment>"


UNRESOLVED: Final = Unresolved()

Rule = Callable[[Mapping[str, Any]], Iterator[Finding]]
RULES: Final[dict[str, Rule]] = {}


def rule(*ids: str) -> Callable[[Rule], Rule]:
    """Registers a rule; a function that checks several related rules gives all their ids."""

    def register(function: Rule) -> Rule:
        for rule_id in ids:
            if rule_id in RULES:
                raise ValueError(f"rule {rule_id} is registered twice")
            RULES[rule_id] = function
        return function

    return register


def warning(rule_id: str, prop: str, text: str) -> Finding:
    """A finding that does not stop the synthesis."""
    return Finding(rule_id, prop, text, Severity.WARNING)
