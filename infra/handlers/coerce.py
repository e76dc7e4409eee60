"""Types for a request that lost them: CloudFormation hands every scalar to a handler as a string."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from .keyed import KEYS
from .model import TUNING_JOB, RequestModel
from .shown import shown


class CoercionError(ValueError):
    """Some properties do not fit the request's shape; the message lists all of them with their paths."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def coerce(request: Mapping[str, Any], model: RequestModel = TUNING_JOB) -> dict[str, Any]:
    """A request with numbers and booleans in place of their strings.

    Values that have their type already stay as they are, so it may be called on any request.

    Args:
        request: the request.
        model: of which operation. Default: ``TUNING_JOB``.

    Raises:
        CoercionError: listing every unknown property and every value that is not of its type.
    """
    coercion = _Coercion(model)
    result: dict[str, Any] = coercion.value(request, model.outermost, "")
    if coercion.problems:
        raise CoercionError(coercion.problems)
    return result


def missing(request: Mapping[str, Any], model: RequestModel = TUNING_JOB) -> list[str]:
    """The paths of what a request must have and has not."""
    return list(_missing(request, model.outermost, "", model))


def _missing(value: Any, shape_name: str, path: str, model: RequestModel) -> Iterator[str]:
    shape = model.shapes[shape_name]
    if shape["type"] == "structure" and isinstance(value, Mapping):
        yield from (_member(path, name) for name in shape["required"] if name not in value)
        for name, item in value.items():
            if name in shape["members"]:
                yield from _missing(item, shape["members"][name], _member(path, name), model)
    elif shape["type"] == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _missing(item, shape["member"], _place(path, index, item), model)


def _member(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _place(path: str, index: int, item: Any) -> str:
    """Where an entry of a list stands: in keyed form by its name."""
    key = KEYS.get(path.rpartition(".")[2])
    name = item.get(key) if isinstance(item, Mapping) else None
    return f"{path}[{index if name is None else name!r}]"


def _list_of(path: str) -> str:
    key = KEYS.get(path.rpartition(".")[2])
    return "a list" if key is None else f"a map by {key}, or a list"


class _Coercion:
    def __init__(self, model: RequestModel) -> None:
        self.problems: list[str] = []
        self._shapes = model.shapes

    def value(self, value: Any, shape_name: str, path: str) -> Any:
        shape = self._shapes[shape_name]
        kind = shape["type"]
        if kind == "structure":
            return self._structure(value, shape["members"], path)
        if kind == "list":
            if not isinstance(value, list):
                self.problems.append(f"{path} must be {_list_of(path)}, got {shown(value)}")
                return value
            return [self.value(item, shape["member"], _place(path, index, item)) for index, item in enumerate(value)]
        if kind == "map":
            if not isinstance(value, Mapping):
                self.problems.append(f"{path} must be a map, got {shown(value)}")
                return value
            return {key: self.value(item, shape["value"], f"{path}[{key!r}]") for key, item in value.items()}
        try:
            return _SCALARS[kind](value)
        except (TypeError, ValueError):
            self.problems.append(f"{path} must be {_WORDS[kind]}, got {shown(value)}")
            return value

    def _structure(self, value: Any, members: Mapping[str, str], path: str) -> Any:
        if not isinstance(value, Mapping):
            self.problems.append(f"{path} must be a structure, got {shown(value)}")
            return value
        result = {}
        for name, item in value.items():
            here = _member(path, name)
            if name not in members:
                close = difflib.get_close_matches(name, members, n=1)
                hint = f"; did you mean {close[0]}?" if close else ""
                self.problems.append(f"{shown(here)[1:-1]} is not a member of the request{hint}")
                continue
            result[name] = self.value(item, members[name], here)
        return result


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = _string(value).lower()
    if word not in ("true", "false"):
        raise ValueError
    return word == "true"


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_SCALARS = {
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "string": _string,
}
_WORDS = {
    "integer": "a whole number",
    "long": "a whole number",
    "float": "a number",
    "double": "a number",
    "boolean": "true or false",
    "string": "a string",
}
