"""Schemas: Avro records with the fields that a dataset type needs.

Facts: developer guide, "Datasets and schemas" and "Custom datasets and schemas".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastavro import parse_schema
from fastavro.schema import SchemaParseException

from .errors import invalid

REQUIRED: dict[str, dict[str, str]] = {
    "INTERACTIONS": {"USER_ID": "string", "ITEM_ID": "string", "TIMESTAMP": "long"},
    "USERS": {"USER_ID": "string"},
    "ITEMS": {"ITEM_ID": "string"},
}
"""Required fields and their types, by dataset type."""

_RESERVED = {
    "EVENT_TYPE": "string",
    "EVENT_VALUE": "float",
    "IMPRESSION": "string",
    "RECOMMENDATION_ID": "string",
    "EVENT_ATTRIBUTION_SOURCE": "string",
    "CREATION_TIMESTAMP": "long",
}
_METADATA_LIMITS = {"INTERACTIONS": (0, 5), "USERS": (1, 5), "ITEMS": (1, 50)}
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_LARGEST = {"int": 2**31 - 1, "long": 2**63 - 1}


@dataclass(frozen=True)
class Field:
    """A column: its name and the Avro types that its values may have."""

    name: str
    types: tuple[str, ...]

    def accepts(self, text: str) -> bool:
        """Whether a CSV value is of one of the types; an empty one is null."""
        if text == "":
            return "null" in self.types
        return any(_ACCEPTS[name](text) for name in self.types)


def _whole(name: str) -> Callable[[str], bool]:
    return lambda text: _WHOLE.fullmatch(text) is not None and abs(int(text)) <= _LARGEST[name]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_ACCEPTS: dict[str, Callable[[str], bool]] = {
    "null": lambda _: False,
    "string": lambda _: True,
    "int": _whole("int"),
    "long": _whole("long"),
    "float": _is_number,
    "double": _is_number,
    "boolean": lambda text: text in ("true", "false"),
}


def fields_of(text: str) -> tuple[str, tuple[Field, ...]]:
    """The dataset type and the columns of a schema.

    Raises:
        ServiceError: It is not Avro, not flat, or lacks what its dataset type needs.
    """
    schema = _avro(text)
    kind = str(schema["name"]).rpartition(".")[2].upper()
    if kind not in REQUIRED:
        raise invalid(f"The name of the schema must be Interactions, Users or Items, got {schema['name']}.")
    fields = tuple(_field(entry) for entry in schema["fields"])
    _check_names(fields)
    _check_types(kind, fields)
    _check_metadata(kind, fields)
    return kind, fields


def _avro(text: str) -> dict[str, Any]:
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise invalid(f"The schema is not JSON: {error}.") from None
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise invalid("The schema must be an Avro record.")
    try:
        parse_schema(json.loads(text))
    except (SchemaParseException, KeyError, TypeError, ValueError) as error:
        raise invalid(f"The schema is not valid Avro: {type(error).__name__}: {error}.") from None
    return schema


def _field(entry: dict[str, Any]) -> Field:
    given = entry["type"]
    types = tuple(given) if isinstance(given, list) else (given,)
    for name in types:
        if not isinstance(name, str) or name not in _ACCEPTS:
            raise invalid(f"The type of field {entry['name']} must be one of {', '.join(_ACCEPTS)}, got {name}.")
    return Field(entry["name"], types)


def _check_names(fields: tuple[Field, ...]) -> None:
    seen: dict[str, str] = {}
    for field in fields:
        bare = re.sub(r"[^A-Za-z0-9]", "", field.name).upper()
        if bare in seen:
            raise invalid(f"Field names must differ by letters and digits, got {seen[bare]} and {field.name}.")
        seen[bare] = field.name


def _check_types(kind: str, fields: tuple[Field, ...]) -> None:
    types = {field.name: field.types for field in fields}
    missing = [name for name in REQUIRED[kind] if name not in types]
    if missing:
        raise invalid(f"The schema of dataset type {kind} lacks the required fields {', '.join(missing)}.")
    for name, needed in {**_RESERVED, **REQUIRED[kind]}.items():
        if name not in types:
            continue
        allowed = {needed} if name in REQUIRED[kind] else {needed, "null"}
        if needed not in types[name] or not set(types[name]) <= allowed:
            raise invalid(f"Field {name} must be of type {needed}, got {' or '.join(types[name])}.")


def _check_metadata(kind: str, fields: tuple[Field, ...]) -> None:
    least, most = _METADATA_LIMITS[kind]
    count = sum(field.name not in REQUIRED[kind] and field.name not in _RESERVED for field in fields)
    if not least <= count <= most:
        raise invalid(
            f"A schema of dataset type {kind} must have between {least} and {most} metadata fields, got {count}."
        )
