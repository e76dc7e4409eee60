"""What a rule is: a function over a request that yields findings, registered under its ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from ..remembered import remembered

if TYPE_CHECKING:
    from .view import Definition, Job


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

Rule = Callable[["Job"], Iterator[Finding]]
RULES: Final[dict[str, list[Rule]]] = {}
"""By id; a rule's parts may stand in several modules."""


def rule(*ids: str) -> Callable[[Rule], Rule]:
    """Registers a rule; a function that checks several related rules gives all their ids."""

    def register(function: Rule) -> Rule:
        for rule_id in ids:
            RULES.setdefault(rule_id, []).append(function)
        return function

    return register


def search_space_rule(*ids: str) -> Callable[[Callable[[Definition], Iterator[Finding]]], Rule]:
    """Registers a rule that looks at nothing of a definition but its search space.

    The jobs of an app often search the same space, and its ranges are most of what there is to check: so what a rule
    has found of one is remembered.
    """

    def register(function: Callable[[Definition], Iterator[Finding]]) -> Rule:
        @remembered(lambda definition: definition.search_space)
        def found(definition: Definition) -> tuple[Finding, ...]:
            return tuple(function(definition))

        @wraps(function)
        def every(job: Job) -> Iterator[Finding]:
            return (finding for definition in job.definitions for finding in found(definition))

        return rule(*ids)(every)

    return register


def warning(rule_id: str, prop: str, text: str) -> Finding:
    """A finding that does not stop the synthesis."""
    return Finding(rule_id, prop, text, Severity.WARNING)


def once(rule_id: str, prop: str, key: str, names: Iterable[Any]) -> Iterator[Finding]:
    """A finding for each name that stands more than once; what is not known yet is no name."""
    counts = Counter(name for name in names if isinstance(name, str))
    for name, count in counts.items():
        if count > 1:
            yield Finding(rule_id, prop, f"each {key} must stand once, got {quoted(name)} {count} times")


def quoted(value: Any) -> str:
    """A name in double quotes, as people write it in Python."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return repr(value)
