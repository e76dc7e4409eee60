"""The props of the constructs as `infra/review/declarations.json` holds them: run this file to write it anew."""

from __future__ import annotations

import dataclasses
import json
import sys
import typing
from enum import Enum
from pathlib import Path
from typing import Any

import constructs_lib
from constructs_lib import InstanceType, _declaration, _fields, definition, instance
from constructs_lib.algorithms import algorithm

FILE = Path(__file__).parents[3] / "infra" / "review" / "declarations.json"

_KINDS = {
    id(_fields.PLAIN): "value",
    id(_fields.WHOLE): "value",
    id(_fields.KEY): "value",
    id(_fields.ROLE): "value",
    id(_fields.STRINGS): "value",
    id(_fields.TEXTS): "value",
    id(_fields.TEXT): "number",
    id(_fields.TEXT_MAP): "map",
    id(_fields.SECONDS): "duration",
    id(_fields.GIBIBYTES): "size",
    id(instance.INSTANCE_TYPE): "instance type",
    id(definition.RANGES): "ranges",
    id(algorithm.ALGORITHM): "algorithm",
    id(_declaration._DEFINITION): "part",
    id(_declaration._DEFINITIONS): "parts",
    id(_declaration._AUTOTUNE): "autotune",
}
_KINDS_BY_FACTORY = {"part": "part", "parts": "parts", "named": "named", "pairs": "pairs", "choice": "choice"}


def model() -> dict[str, Any]:
    """Classes with their props, enumerations with their values, known algorithms, instance types that have a name."""
    classes: dict[str, Any] = {}
    enums: dict[str, dict[str, str]] = {}
    _collect(_declaration.Declaration, classes, enums)
    known = {
        kind.__name__: {
            "repositories": list(kind.repositories),
            "publishers": sorted(kind.publishers),
            "ownMetricDefinitions": dict(kind.own_metric_definitions),
        }
        for kind in algorithm._KNOWN
    }
    types = {value.name: name for name, value in vars(InstanceType).items() if isinstance(value, InstanceType)}
    return {
        "classes": dict(sorted(classes.items())),
        "enums": dict(sorted(enums.items())),
        "algorithms": dict(sorted(known.items())),
        "instanceTypes": dict(sorted(types.items())),
    }


def _collect(kind: type[Any], classes: dict[str, Any], enums: dict[str, dict[str, str]]) -> None:
    if kind.__name__ in classes:
        return
    props: dict[str, Any] = {}
    classes[kind.__name__] = props
    names = {**vars(constructs_lib), **vars(sys.modules[kind.__module__])}
    hints = typing.get_type_hints(kind, names)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name, path, codec in _fields.members(kind):
        field = fields[name]
        prop: dict[str, Any] = {"member": ".".join(path), "kind": _kind(codec, hints[name])}
        if not field.kw_only:
            prop["positional"] = True
        if field.default is dataclasses.MISSING:
            prop["required"] = True
        elif field.default is not None:
            prop["default"] = field.default.value if isinstance(field.default, Enum) else field.default
        if codec.part is not None and dataclasses.is_dataclass(codec.part) and prop["kind"] != "algorithm":
            prop["class"] = codec.part.__name__
            _collect(codec.part, classes, enums)
        for enum in _enums(hints[name]) if prop["kind"] == "choice" else ():
            prop["class"] = enum.__name__
            enums[enum.__name__] = {member.value: member.name for member in enum}
        if prop["kind"] in ("named", "pairs"):
            names = typing.cast(Any, codec.encode).__closure__
            prop["keys"] = [cell.cell_contents for cell in names if isinstance(cell.cell_contents, str)]
        props[name] = prop


def _kind(codec: _fields.Codec, hint: Any) -> str:
    found = _KINDS.get(id(codec))
    if found == "map":
        return "number map" if "float" in str(hint) else "value"
    if found is not None:
        return found
    if "parents" in codec.encode.__code__.co_varnames:
        return "parents"
    factory = codec.encode.__qualname__.split(".", 1)[0]
    return "part" if codec.encode is _fields.encode else _KINDS_BY_FACTORY[factory]


def _enums(hint: Any) -> list[type[Enum]]:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return [hint]
    return [enum for argument in typing.get_args(hint) for enum in _enums(argument)]


if __name__ == "__main__":
    FILE.write_text(json.dumps(model(), indent=1) + "\n", encoding="utf-8")
