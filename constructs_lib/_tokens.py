"""Values that are known at deployment only: the CDK's tokens."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from aws_cdk import Token, Tokenization

from constructs_lib._by_parts import by_parts
from infra.handlers.keyed import KEYS
from infra.handlers.rules import UNRESOLVED, Finding, public_name

_STRING_MARKS = ("${Token[", "#{Token[")
_NAMES = "names must be known at synthesis, since they are keys in the template; got a token: give the name itself"
# Tokens, and what else the CDK does not write as it is.
_PERHAPS_CHANGED = ("Token[", "e+28", "e+29", "Fn::", "null")
_NUMBER_MARK = b"\xfb\xff"  # first bytes of the numbers near -1.9e289 that stand for number tokens


def is_unresolved(value: Any) -> bool:
    """Whether a value is, or holds, a token.

    Plain strings and numbers are told apart here: asking the CDK costs a call into another process for each value.
    """
    if value is None or isinstance(value, bool):
        return False
    if isinstance(value, str):
        return "Token[" in value and any(mark in value for mark in _STRING_MARKS)
    if isinstance(value, int | float):
        return isinstance(value, float) and struct.pack(">d", value).startswith(_NUMBER_MARK)
    if isinstance(value, list | tuple):
        return any(is_unresolved(item) for item in value)
    return hasattr(type(value), "__jsii_type__") and Token.is_unresolved(value)


def plain_json(request: Mapping[str, Any]) -> str | None:
    """The JSON of a request that the CDK writes as it is; None if in doubt. Faster than to look at each value."""
    return _plain_object(request)


def _plain(value: Any) -> str | None:
    try:
        found = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return None
    return None if any(mark in found for mark in _PERHAPS_CHANGED) else found


def _joined(texts: Mapping[str, str | None]) -> str | None:
    names = {name: _plain(name) for name in texts}
    if None in names.values() or None in texts.values():
        return None
    return "{" + ", ".join(f"{names[name]}: {text}" for name, text in texts.items()) + "}"


_plain_object = by_parts(lambda named: _plain(named[1]), _joined)


def stringified(value: float) -> str:
    """A number token as a string token."""
    return Tokenization.stringify_number(value)


def without_tokens(request: Mapping[str, Any]) -> dict[str, Any]:
    """The same request with `UNRESOLVED` in the place of each token, as rules take it."""
    known: dict[str, Any] = _without_tokens(request)
    return known


def _without(value: Any) -> Any:
    if isinstance(value, str):  # most of a request
        return UNRESOLVED if is_unresolved(value) else value
    if isinstance(value, Mapping):
        return {key: _without(item) for key, item in value.items()}
    if isinstance(value, list):
        # A list token is a list of one marked string: how many entries it has is not known either.
        if any(isinstance(item, str) and "#{Token[" in item for item in value):
            return UNRESOLVED
        return [_without(item) for item in value]
    return UNRESOLVED if is_unresolved(value) else value


_without_tokens = by_parts(lambda named: _without(named[1]), dict)


def check_names(request: Mapping[str, Any]) -> Iterator[Finding]:
    """Rule K: names of entries are keys in the template, so they cannot be tokens."""
    if _has_token_names(request):
        known = without_tokens(request)
        yield from _names(known, (), known)


def _holds_token_name(named: tuple[str, Any]) -> bool:
    name, value = named
    return any(_names({name: _without(value)}, (), {}))


_has_token_names = by_parts(
    _holds_token_name, lambda found: any(found.values()) or any(is_unresolved(name) for name in found)
)


def _names(value: Any, path: tuple[str | int, ...], known: Mapping[str, Any]) -> Iterator[Finding]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if is_unresolved(name):
                yield Finding("K", public_name(path, known), _NAMES)
            yield from _names(item, (*path, name), known)
    elif isinstance(value, list):
        key = KEYS.get(str(path[-1])) if path else None
        for index, item in enumerate(value):
            if key is not None and isinstance(item, Mapping) and item.get(key) is UNRESOLVED:
                yield Finding("K", public_name(path, known), _NAMES)
            yield from _names(item, (*path, index), known)
