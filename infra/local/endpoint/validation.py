"""The constraints of a service model, checked in full and worded as AWS words them.

Unlike botocore's own check on the client's side, this one knows maximum, pattern and enum, and it finds all faults of
a request at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from infra.local.endpoint.errors import ValidationError
from infra.local.endpoint.patterns import matches
from infra.local.endpoint.protocol import join

_SCALARS = ("string", "character", "integer", "long", "float", "double", "blob")


def validate(shape: StructureShape | None, request: Mapping[str, Any]) -> None:
    """Check a decoded request.

    Raises:
        ValidationError: It names every broken constraint.
    """
    if shape is None:
        return
    findings = list(_structure(shape, request, ""))
    if findings:
        raise ValidationError(findings)


def _value(shape: Shape, value: Any, path: str) -> Iterator[str]:
    own = [_finding(shape, value, path, constraint) for constraint in _broken(shape, value)]
    yield from own
    if isinstance(shape, StructureShape):
        yield from _structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _list(shape, value, path)
    elif isinstance(shape, MapShape):
        yield from _map(shape, value, path)


def _structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    if shape.is_document_type:
        return
    if shape.is_tagged_union and len(value) != 1:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have exactly one of {_names(shape.members)}"
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{join(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _value(member, value[name], join(path, name))


def _list(shape: ListShape, value: list[Any], path: str) -> Iterator[str]:
    for n, item in enumerate(value, start=1):
        if item is None:
            yield f"Value null at '{path}.{n}.member' failed to satisfy constraint: Member must not be null"
        elif shape.member.type_name not in _SCALARS:
            yield from _value(shape.member, item, f"{path}.{n}.member")
    if shape.member.type_name in _SCALARS and any(_breaks(shape.member, item) for item in value):
        yield _finding(shape, value, path, f"Member must satisfy constraint: [{', '.join(_all(shape.member))}]")


def _map(shape: MapShape, value: dict[str, Any], path: str) -> Iterator[str]:
    if any(_breaks(shape.key, key) for key in value):
        yield _finding(shape, value, path, f"Map keys must satisfy constraint: [{', '.join(_all(shape.key))}]")
    for key, item in value.items():
        if item is None:
            yield f"Value null at '{path}.{key}.member' failed to satisfy constraint: Member must not be null"
        elif shape.value.type_name not in _SCALARS:
            yield from _value(shape.value, item, f"{path}.{key}.member")
    if shape.value.type_name in _SCALARS and any(_breaks(shape.value, item) for item in value.values()):
        yield _finding(shape, value, path, f"Map value must satisfy constraint: [{', '.join(_all(shape.value))}]")


def _finding(shape: Shape, value: Any, path: str, constraint: str) -> str:
    shown = "" if shape.metadata.get("sensitive") else f" '{_shown(value)}'"
    return f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _breaks(shape: Shape, value: Any) -> bool:
    return value is not None and any(True for _ in _broken(shape, value))


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    for text, holds in _constraints(shape):
        if not holds(value):
            yield text


def _all(shape: Shape) -> Iterator[str]:
    return (text for text, _ in _constraints(shape))


def _constraints(shape: Shape) -> Iterator[tuple[str, Callable[[Any], bool]]]:
    """Each constraint of a shape itself, its text first, in the order in which AWS lists them."""
    known = shape.metadata
    if shape.type_name in ("integer", "long", "float", "double"):
        if "max" in known:
            yield f"Member must have value less than or equal to {known['max']}", lambda v: v <= known["max"]
        if "min" in known:
            yield f"Member must have value greater than or equal to {known['min']}", lambda v: v >= known["min"]
    elif shape.type_name in ("string", "character", "blob", "list", "map"):
        if "max" in known:
            yield f"Member must have length less than or equal to {known['max']}", lambda v: len(v) <= known["max"]
        if "min" in known:
            yield f"Member must have length greater than or equal to {known['min']}", lambda v: len(v) >= known["min"]
    if "pattern" in known:
        text = f"Member must satisfy regular expression pattern: {known['pattern']}"
        yield text, lambda v: matches(known["pattern"], v)
    if known.get("enum"):
        yield f"Member must satisfy enum value set: {_names(known['enum'])}", lambda v: v in known["enum"]


def _names(names: Any) -> str:
    return f"[{', '.join(names)}]"


def _shown(value: Any) -> str:
    """The value as the services print it: Java's way, without quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return "null" if value is None else str(value)
