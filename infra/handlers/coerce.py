"""Types for a request that lost them: CloudFormation hands every scalar to a handler as a string."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .model import REQUEST, shapes


class CoercionError(ValueError):
    """Some properties do not fit the request's shape; the message lists all of them with their paths."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def coerce(request: Mapping[str, Any]) -> dict[str, Any]:
    """A CreateHyperParameterTuningJob request with numbers and booleans in place of their strings.

    Values that have their type already stay as they are, so it may be called on any request.

    Raises:
        CoercionError: listing every unknown property and every value that is not of its type.
    """
    problems: list[str] = []
    result: dict[str, Any] = _coerced(request, REQUEST, "", problems)
    if problems:
        raise CoercionError(problems)
    return result


def _coerced(value: Any, shape_name: str, path: str, problems: list[str]) -> Any:
    shape = shapes()[shape_name]
    kind = shape["type"]
    if kind == "structure":
        return _structure(value, shape["members"], path, problems)
    if kind == "list":
        if not isinstance(value, list):
            problems.append(f"{path} must be a list, got {value!r}")
            return value
        return [_coerced(item, shape["member"], f"{path}[{index}]", problems) for index, item in enumerate(value)]
    if kind == "map":
        if not isinstance(value, Mapping):
            problems.append(f"{path} must be a map, got {value!r}")
            return value
        return {key: _coerced(item, shape["value"], f"{path}[{key!r}]", problems) for key, item in value.items()}
    try:
        return SCALARS[kind](value)
    except (TypeError, ValueError):
        problems.append(f"{path} must be {WORDS[kind]}, got {value!r}")
        return value


def _structure(value: Any, members: Mapping[str, str], path: str, problems: list[str]) -> Any:
    if not isinstance(value, Mapping):
        problems.append(f"{path} must be a structure, got {value!r}")
        return value
    result = {}
    for name, item in value.items():
        here = f"{path}.{name}" if path else name
        if name not in members:
            problems.append(f"{here} is not a member of the request")
            continue
        result[name] = _coerced(item, members[name], here, problems)
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


SCALARS = {"integer": _integer, "long": _integer, "float": _float, "boolean": _boolean, "string": _string}
WORDS = {
    "integer": "a whole number",
    "long": "a whole number",
    "float": "a number",
    "boolean": "true or false",
    "string": "a string",
}
