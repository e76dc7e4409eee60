"""Shorter templates: text with references in it as ``Fn::Sub``, which a reviewer can read and which takes one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def substituted(value: Any) -> Any:
    """The same resolved value with each plain ``Fn::Join`` of texts and references as ``Fn::Sub``.

    >>> substituted({"Fn::Join": ["", ["s3://", {"Ref": "Bucket"}, "/train"]]})
    {'Fn::Sub': 's3://${Bucket}/train'}
    """
    if isinstance(value, Mapping):
        joined = _joined(value)
        return {name: substituted(item) for name, item in value.items()} if joined is None else {"Fn::Sub": joined}
    return [substituted(item) for item in value] if isinstance(value, list) else value


def _joined(value: Mapping[str, Any]) -> str | None:
    """The text for ``Fn::Sub``; None if the value is no join, or joins what a text cannot name."""
    match value:
        case {"Fn::Join": ["", list(parts)]} if len(value) == 1:
            texts = [_text(part) for part in parts]
            return None if None in texts else "".join(text for text in texts if text is not None)
    return None


def _text(part: Any) -> str | None:
    match part:
        case str():
            return part.replace("${", "${!")
        case {"Ref": str(name)} if len(part) == 1:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [str(name), str(attribute)]} if len(part) == 1:
            return f"${{{name}.{attribute}}}"
    return None
