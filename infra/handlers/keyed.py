"""A request in keyed form: each list whose entries have a name becomes a map from that name.

So a diff of two templates names the entry that changed, and the order of entries does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .shown import shown

KEYS: Final[Mapping[str, str]] = {
    "IntegerParameterRanges": "Name",
    "ContinuousParameterRanges": "Name",
    "CategoricalParameterRanges": "Name",
    "AutoParameters": "Name",
    "MetricDefinitions": "Name",
    "InputDataConfig": "ChannelName",
    "TrainingJobDefinitions": "DefinitionName",
    "InstanceGroups": "InstanceGroupName",
    "Tags": "Key",
    "integerHyperParameterRanges": "name",
    "continuousHyperParameterRanges": "name",
    "categoricalHyperParameterRanges": "name",
    "tags": "tagKey",
}

# Free maps: what stands in them is the user's, even if a key is called like one of the lists above.
FREE: Final = frozenset(
    {"StaticHyperParameters", "Environment", "algorithmHyperParameters", "featureTransformationParameters"}
)


class KeyedFormError(ValueError):
    """A list cannot be keyed: an entry has no name, or two have the same one."""


def keyed(request: Mapping[str, Any]) -> dict[str, Any]:
    """The keyed form of a request, or of a part of one.

    Raises:
        KeyedFormError: if an entry of a keyed list has no name, or a name stands twice.
    """
    return {name: _keyed_member(name, value) for name, value in request.items()}


def unkeyed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The request that a keyed form stands for: the inverse of `keyed`, lists sorted by their key.

    Raises:
        KeyedFormError: if an entry of a keyed map is no map.
    """
    return {name: _unkeyed_member(name, value) for name, value in properties.items()}


def _keyed_member(name: str, value: Any) -> Any:
    if isinstance(value, str):  # most of a request
        return value
    if name in KEYS and isinstance(value, list):
        return _map_of(name, value)
    if name in FREE:
        return value
    if isinstance(value, Mapping):
        return keyed(value)
    if isinstance(value, list):
        return [keyed(item) if isinstance(item, Mapping) else item for item in value]
    return value


def _map_of(name: str, entries: list[Any]) -> dict[str, Any]:
    key = KEYS[name]
    result: dict[str, Any] = {}
    for position, entry in enumerate(entries):
        if not isinstance(entry, Mapping) or key not in entry:
            raise KeyedFormError(f"{name}[{position}] must have a {key}, got {shown(entry)}")
        entry_name = entry[key]
        if entry_name in result:
            raise KeyedFormError(f"{name} must have each {key} once, got {entry_name!r} twice")
        result[entry_name] = keyed({member: value for member, value in entry.items() if member != key})
    return result


def _entry(name: str, entry_name: str, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise KeyedFormError(f"{name}[{entry_name!r}] must be a structure, got {shown(entry)}")
    return unkeyed(entry)


def _unkeyed_member(name: str, value: Any) -> Any:
    if name in KEYS and isinstance(value, Mapping):
        key = KEYS[name]
        return [{key: entry_name, **_entry(name, entry_name, entry)} for entry_name, entry in sorted(value.items())]
    if name in FREE:
        return value
    if isinstance(value, Mapping):
        return unkeyed(value)
    if isinstance(value, list):
        return [unkeyed(item) if isinstance(item, Mapping) else item for item in value]
    return value
