"""Reads a request from a file as people have it: JSON, a Python dict, or a script that calls boto3."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

_CALL = "create_hyper_parameter_tuning_job"


class ReadingError(Exception):
    """A file has no request that can be read; the message says what was expected."""


def read_request(text: str, file: str) -> dict[str, Any]:
    """The request in a text.

    JSON and Python's own notation of a dict are both read. In a script the arguments of its one call of
    ``create_hyper_parameter_tuning_job`` count; variables that it assigns literals to are followed, nothing is run.

    Raises:
        ReadingError: if there is no request, or one that is computed.
    """
    try:
        loaded = json.loads(text)
    except ValueError as error:
        loaded = _python(text, file, error)
    if not isinstance(loaded, dict):
        raise ReadingError(f"{file} must hold an object, the request, got {type(loaded).__name__}")
    return loaded


def _python(text: str, file: str, not_json: ValueError) -> Any:
    try:
        module = ast.parse(text)
    except SyntaxError as error:
        if file.endswith(".py"):
            raise ReadingError(f"{file} is no Python: line {error.lineno}: {error.msg}") from error
        raise ReadingError(f"{file} is neither JSON ({not_json}) nor a Python dict") from error
    if (
        len(module.body) == 1
        and isinstance(module.body[0], ast.Expr)
        and not isinstance(module.body[0].value, ast.Call)
    ):
        return _Literals({}, file).value(module.body[0].value)
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and _name(node.func) == _CALL]
    if len(calls) != 1:
        number = "no call" if not calls else f"{len(calls)} calls"
        raise ReadingError(f"{file} must have one call of {_CALL}, got {number}")
    assigned = {
        target.id: node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return _Literals(assigned, file).arguments(calls[0])


class _Literals:
    """The values of literals, and of variables that literals are assigned to."""

    def __init__(self, assigned: Mapping[str, ast.expr], file: str) -> None:
        self._assigned = assigned
        self._file = file
        self._following: list[str] = []

    def arguments(self, call: ast.Call) -> dict[str, Any]:
        """The keyword arguments of a call, ``**request`` among them."""
        result: dict[str, Any] = {}
        for keyword in call.keywords:
            value = self.value(keyword.value)
            if keyword.arg is not None:
                result[keyword.arg] = value
            elif isinstance(value, dict):
                result.update(value)
        return result

    def value(self, node: ast.expr) -> Any:
        """The value of an expression."""
        if isinstance(node, ast.Dict):
            return self._dict(node)
        if isinstance(node, ast.List | ast.Tuple):
            return [self.value(item) for item in node.elts]
        if isinstance(node, ast.Name) and node.id in self._assigned and node.id not in self._following:
            self._following.append(node.id)
            found = self.value(self._assigned[node.id])
            self._following.pop()
            return found
        try:
            return ast.literal_eval(node)
        except ValueError:
            text = ast.unparse(node)
            raise ReadingError(
                f"{self._file}, line {node.lineno}: {text} is computed; put its value there, nothing is run"
            ) from None

    def _dict(self, node: ast.Dict) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                result.update(self.value(value))
            else:
                result[self.value(key)] = self.value(value)
        return result


def _name(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else None
