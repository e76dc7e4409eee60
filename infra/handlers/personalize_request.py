"""What a Personalize resource's properties declare: the request that creates it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .coerce import SCALARS, WORDS
from .contract import ENVELOPE
from .errors import HandlerError
from .keyed import unkeyed
from .personalize_contract import IMPORTS, TAGS, Kind


def declared(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration: what makes a new resource when it changes."""
    return {name: value for name, value in properties.items() if name not in ENVELOPE and name != TAGS}


def tags_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """The declared tags by key."""
    return {key: str(entry["tagValue"]) for key, entry in properties.get(TAGS, {}).items()}


def request_of(kind: Kind, properties: Mapping[str, Any], shape: Any) -> dict[str, Any]:
    """The create request without tags, with the types that CloudFormation took from its values.

    Args:
        kind: What is created.
        properties: The resource's properties, in keyed form.
        shape: botocore's shape of the request.

    Raises:
        HandlerError: naming each property that is unknown or has the wrong type.
    """
    given = {name: value for name, value in declared(properties).items() if name != IMPORTS}
    problems: list[str] = []
    request: dict[str, Any] = _typed(unkeyed(given), shape, "", problems)
    if problems:
        raise HandlerError(f"the declaration does not fit {kind.create}: " + "; ".join(problems))
    return request


def _typed(value: Any, shape: Any, path: str, problems: list[str]) -> Any:
    if shape.type_name == "structure":
        return _structure(value, shape, path, problems)
    if shape.type_name == "list":
        return [_typed(item, shape.member, f"{path}[{index}]", problems) for index, item in enumerate(value)]
    if shape.type_name == "map":
        return {key: _typed(item, shape.value, f"{path}[{key!r}]", problems) for key, item in value.items()}
    kind = "float" if shape.type_name == "double" else shape.type_name
    try:
        return SCALARS[kind](value)
    except (TypeError, ValueError):
        problems.append(f"{path} must be {WORDS[kind]}, got {value!r}")
        return value


def _structure(value: Mapping[str, Any], shape: Any, path: str, problems: list[str]) -> dict[str, Any]:
    result = {}
    for name, item in value.items():
        here = f"{path}.{name}" if path else name
        if name in shape.members:
            result[name] = _typed(item, shape.members[name], here, problems)
        else:
            problems.append(f"{here} is not a member of the request")
    return result
