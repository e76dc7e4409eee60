"""Types for a request that lost them: CloudFormation hands every scalar to a handler as a string."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .model import TUNING_JOB, RequestModel


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
                self.problems.append(f"{path} must be a list, got {value!r}")
                return value
            return [self.value(item, shape["member"], f"{path}[{index}]") for index, item in enumerate(value)]
        if kind == "map":
            if not isinstance(value, Mapping):
                self.problems.append(f"{path} must be a map, got {value!r}")
                return value
            return {key: self.value(item, shape["value"], f"{path}[{key!r}]") for key, item in value.items()}
        try:
            return _SCALARS[kind](value)
        except (TypeError, ValueError):
            self.problems.append(f"{path} must be {_WORDS[kind]}, got {value!r}")
            return value

    def _structure(self, value: Any, members: Mapping[str, str], path: str) -> Any:
        if not isinstance(value, Mapping):
            self.problems.append(f"{path} must be a structure, got {value!r}")
            return value
        result = {}
        for name, item in value.items():
            here = f"{path}.{name}" if path else name
            if name not in members:
                self.problems.append(f"{here} is not a member of the request")
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
