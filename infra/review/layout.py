"""Python expressions laid out as ruff and black lay them out: on one line if it fits, else one entry on each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

LINE_LENGTH: Final = 120
_INDENT: Final = "    "


@dataclass(frozen=True)
class Atom:
    """An expression that is never broken: a literal, a name, an attribute."""

    text: str


@dataclass(frozen=True)
class Bracketed:
    """A call, list or dict: entries between brackets, each with an optional label such as ``name=`` or ``"key": ``."""

    opening: str
    entries: Sequence[tuple[str, Expression]]
    closing: str


Expression = Atom | Bracketed


def call(function: str, entries: Sequence[tuple[str | None, Expression]]) -> Bracketed:
    """A call with positional (named None) and keyword arguments."""
    return Bracketed(f"{function}(", [("" if name is None else f"{name}=", value) for name, value in entries], ")")


def list_of(values: Sequence[Expression]) -> Bracketed:
    """A list."""
    return Bracketed("[", [("", value) for value in values], "]")


def dict_of(entries: Sequence[tuple[str, Expression]]) -> Bracketed:
    """A dict with strings as keys."""
    return Bracketed("{", [(f"{string(key)}: ", value) for key, value in entries], "}")


def literal(value: str | float | bool) -> Atom:
    """A string, number or boolean."""
    return Atom(string(value) if isinstance(value, str) else repr(value))


def string(value: str) -> str:
    """A string literal in the quotes that need fewer escapes, raw if that saves backslashes."""
    quote = "'" if value.count('"') > value.count("'") else '"'
    if "\\" in value and value.isprintable() and quote not in value and not value.endswith("\\"):
        return f"r{quote}{value}{quote}"
    body = repr(f"{value}\"'")[1:-4].replace("\\'", "'")  # with both quotes, repr escapes the single ones alone
    return f"{quote}{body.replace(quote, chr(92) + quote)}{quote}"


def laid_out(expression: Expression, *, indent: int, before: int = 0, after: int = 0) -> str:
    """The text of an expression.

    Args:
        expression: the expression.
        indent: levels of indentation of the line that it begins on.
        before: columns before it on that line, indentation aside.
        after: columns behind it on its last line.
    """
    flat = _flat(expression)
    room = LINE_LENGTH - len(_INDENT) * indent - before - after
    if isinstance(expression, Atom) or len(flat) <= room or not expression.entries:
        return flat
    lines = [expression.opening]
    for label, value in expression.entries:
        text = laid_out(value, indent=indent + 1, before=len(label), after=1)
        lines.append(f"{_INDENT * (indent + 1)}{label}{text},")
    return "\n".join([*lines, f"{_INDENT * indent}{expression.closing}"])


def _flat(expression: Expression) -> str:
    if isinstance(expression, Atom):
        return expression.text
    inner = ", ".join(f"{label}{_flat(value)}" for label, value in expression.entries)
    return f"{expression.opening}{inner}{expression.closing}"
