"""The request that the handler will send for a resource of a template; intrinsics stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.handlers import contract, personalize_contract
from infra.handlers.coerce import CoercionError, coerce
from infra.handlers.keyed import unkeyed
from infra.handlers.model import TUNING_JOB, RequestModel
from infra.handlers.personalize_contract import SOLUTION

_Path = tuple[str | int, ...]
_PLACEHOLDERS: Final[Mapping[str, Any]] = {
    "structure": {},
    "list": [],
    "map": {},
    "integer": 0,
    "long": 0,
    "float": 0.0,
    "double": 0.0,
    "boolean": False,
    "string": "",
}


# The request of each resource type that trains, and the properties that are no members of it.
_REQUESTS: Final[Mapping[str, tuple[RequestModel, frozenset[str]]]] = {
    contract.TUNING_JOB_RESOURCE_TYPE: (TUNING_JOB, contract.OUTSIDE_REQUEST),
    SOLUTION.resource_type: (RequestModel("personalize", SOLUTION.create), personalize_contract.OUTSIDE_REQUEST),
}


class RequestError(Exception):
    """The properties of a resource are no request; the message names each member that does not fit."""


@dataclass(frozen=True)
class Intrinsic:
    """A CloudFormation intrinsic such as ``{"Ref": "MaxJobs"}``: a value that is known at deployment only."""

    value: Mapping[str, Any]

    def __str__(self) -> str:
        return f"known at deployment ({intrinsic_text(self.value)})"


def request_of(properties: Mapping[str, Any], resource_type: str = contract.TUNING_JOB_RESOURCE_TYPE) -> dict[str, Any]:
    """The request for a resource's properties, with the API's types.

    Intrinsics stand in it as they stand in the template. The tags by which the handler knows its own jobs are not in
    it: it adds them at deployment.

    Args:
        properties: the properties, as the template has them.
        resource_type: a tuning job's, or a Personalize solution's. Default: a tuning job's.

    Raises:
        RequestError: naming each member that is unknown or has the wrong type.
    """
    result: dict[str, Any] = _plain(request_with_intrinsics(properties, resource_type))
    return result


def request_with_intrinsics(
    properties: Mapping[str, Any], resource_type: str = contract.TUNING_JOB_RESOURCE_TYPE
) -> dict[str, Any]:
    """The same request with an `Intrinsic` in the place of each intrinsic: nothing takes one for a structure then."""
    model, outside = _REQUESTS[resource_type]
    declared = {name: value for name, value in properties.items() if name not in outside}
    found: dict[_Path, Intrinsic] = {}
    masked = _masked(unkeyed(_wrapped(declared)), model.outermost, model.shapes, (), found)
    try:
        request = coerce(masked, model)
    except CoercionError as error:
        raise RequestError(str(error)) from error
    for path, intrinsic in found.items():
        _put(request, path, intrinsic)
    return request


def is_intrinsic(value: Any) -> bool:
    """Whether a value of a template is an intrinsic."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    (name,) = value
    return isinstance(name, str) and (name == "Ref" or name.startswith("Fn::"))


def intrinsic_text(value: Mapping[str, Any]) -> str:
    """An intrinsic in short: ``Ref MaxJobs``, ``GetAtt Role.Arn``."""
    ((name, argument),) = value.items()
    word = str(name).removeprefix("Fn::")
    if isinstance(argument, str):
        return f"{word} {argument}"
    if word == "GetAtt" and all(isinstance(part, str) for part in argument):
        return f"{word} {'.'.join(argument)}"
    if word == "Join" and isinstance(argument[1], list):
        parts = (f"${{{intrinsic_text(part)}}}" if is_intrinsic(part) else str(part) for part in argument[1])
        return str(argument[0]).join(parts)
    return word


def _wrapped(value: Any) -> Any:
    if is_intrinsic(value):
        return Intrinsic(value)
    if isinstance(value, Mapping):
        return {key: _wrapped(item) for key, item in value.items()}
    return [_wrapped(item) for item in value] if isinstance(value, list) else value


_Shapes = Mapping[str, Mapping[str, Any]]


def _masked(value: Any, shape_name: str, shapes: _Shapes, path: _Path, found: dict[_Path, Intrinsic]) -> Any:
    """The value with a stand-in of the right type for each intrinsic, whose places are put into ``found``."""
    shape = shapes[shape_name]
    kind = shape["type"]
    if isinstance(value, Intrinsic):
        found[path] = value
        return _PLACEHOLDERS[kind]
    if kind == "structure" and isinstance(value, Mapping):
        members = shape["members"]
        return {
            name: _masked(item, members[name], shapes, (*path, name), found) if name in members else item
            for name, item in value.items()
        }
    if kind == "map" and isinstance(value, Mapping):
        return {key: _masked(item, shape["value"], shapes, (*path, key), found) for key, item in value.items()}
    if kind == "list" and isinstance(value, list):
        return [_masked(item, shape["member"], shapes, (*path, index), found) for index, item in enumerate(value)]
    return value


def _put(request: Any, path: _Path, value: Any) -> None:
    *way, last = path
    for part in way:
        request = request[part]
    request[last] = value


def _plain(value: Any) -> Any:
    if isinstance(value, Intrinsic):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
