"""From value classes to the request and back.

Each field of a value class names its member in the request and how its value is written there, once. `encode` and
`decode` follow these, so they are inverse by construction, and no field can be forgotten on one of both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

from aws_cdk import Duration, Size

from constructs_lib._tokens import is_unresolved, stringified
from infra.handlers.numbers import exact

_MEMBER = "cdk-tuning:member"
_ENCODED = "cdk-tuning:encoded"
T = TypeVar("T")


@dataclass(frozen=True)
class Codec:
    """How a value stands in the request, and back."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    part: type[Any] | None = None  # the value class inside, for walks over the whole declaration


def member(path: str, codec: Codec | None = None, *, default: Any = MISSING, kw_only: bool = True) -> Any:
    """A field that stands at ``path`` (members joined by dots) below its structure in the request."""
    metadata = {_MEMBER: (tuple(path.split(".")), PLAIN if codec is None else codec)}
    return field(default=default, kw_only=kw_only, metadata=metadata)


Members = tuple[tuple[str, tuple[str, ...], Codec], ...]
_CACHE: dict[type[Any], Members] = {}


def members(kind: type[Any]) -> Members:
    """Field name, path and codec of each field of a value class that stands in the request."""
    if kind not in _CACHE:
        _CACHE[kind] = tuple((each.name, *each.metadata[_MEMBER]) for each in fields(kind) if _MEMBER in each.metadata)
    return _CACHE[kind]


def encode(value: Any) -> dict[str, Any]:
    """The request's structure for an instance of a value class; what is None is left out."""
    result: dict[str, Any] = {}
    fields_ = vars(value)
    for name, path, codec in members(type(value)):
        given = fields_[name]
        if given is None:
            continue
        at = result
        for part in path[:-1]:
            at = at.setdefault(part, {})
        try:
            at[path[-1]] = given if codec is PLAIN else codec.encode(given)
        except PropTypeError as error:
            raise PropTypeError(f"{name}.{error.prop}" if error.prop else name, error.problem) from None
        except (AttributeError, TypeError, ValueError) as error:
            raise PropTypeError(name, f"must be {_expected(type(value), name)}, got {given!r}") from error
    return result


class PropTypeError(TypeError):
    """A prop is of another type than its value class says.

    Attributes:
        prop: its name, such as ``training_job_definition.max_runtime``.
        problem: what it must be, and the value got.
    """

    def __init__(self, prop: str, problem: str) -> None:
        self.prop = prop
        self.problem = problem
        super().__init__(f"{prop} {problem}")


def _expected(kind: type[Any], name: str) -> str:
    """A field's type in the words of its annotation."""
    (found,) = (str(each.type) for each in fields(kind) if each.name == name)
    return " or ".join(part for part in found.split(" | ") if part not in ("None", "IResolvable"))


def decode(kind: type[T], structure: Mapping[str, Any]) -> T:
    """The instance of a value class that a structure of a request stands for; what is absent is None."""
    given: dict[str, Any] = {}
    for name, path, codec in members(kind):
        found: Any = structure
        for part in path:
            found = found.get(part) if isinstance(found, Mapping) else None
        given[name] = None if found is None else codec.decode(found)
    return kind(**given)


def _same(value: Any) -> Any:
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, float) and not is_unresolved(value) and value.is_integer():
        return int(value)
    return value


def text(value: Any) -> str:
    """A number, boolean or string as the API's strings have it; tokens pass."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return stringified(value) if is_unresolved(value) else exact(value)


# Each question to the CDK is a call into another process, and the definitions of many jobs may share their parts.
@lru_cache(maxsize=1024)
def _seconds(value: Any) -> Any:
    return _whole(value.to_seconds())


@lru_cache(maxsize=1024)
def _gibibytes(value: Any) -> Any:
    return _whole(value.to_gibibytes())


@lru_cache(maxsize=1024)
def _key_arn(key: Any) -> Any:
    return key.key_arn


@lru_cache(maxsize=1024)
def _role_arn(role: Any) -> Any:
    return role.role_arn


def entries(values: Iterable[T]) -> Iterable[T]:
    """The entries of a list; a single text is none, though Python would take it letter by letter."""
    if isinstance(values, str):
        raise TypeError
    return values


def _texts(values: Any) -> dict[str, str]:
    return {name: text(value) for name, value in values.items()}


PLAIN = Codec(_same, _same)
WHOLE = Codec(_whole, _same)
TEXT = Codec(text, _same)
TEXT_MAP = Codec(_texts, dict)
STRINGS = Codec(lambda values: list(entries(values)), list)
TEXTS = Codec(lambda values: values if is_unresolved(values) else [text(value) for value in entries(values)], list)
SECONDS = Codec(_seconds, Duration.seconds)
GIBIBYTES = Codec(_gibibytes, Size.gibibytes)
KEY = Codec(lambda key: key if isinstance(key, str) else _key_arn(key), _same)
ROLE = Codec(lambda role: role if isinstance(role, str) else _role_arn(role), _same)


def choice(kind: type[Enum]) -> Codec:
    """A closed choice: the enum's values are the API's words."""

    def read(word: str) -> Any:
        return word if is_unresolved(word) else kind(word)

    return Codec(lambda value: value.value if isinstance(value, Enum) else value, read)


def _of_kind(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError
    return value


def part(kind: type[Any]) -> Codec:
    """A structure of its own value class."""
    return Codec(lambda value: encode(_of_kind(kind, value)), lambda structure: decode(kind, structure), kind)


def _encoded_once(value: Any) -> dict[str, Any]:
    own = vars(value)
    if _ENCODED not in own:
        own[_ENCODED] = encode(value)
    found: dict[str, Any] = own[_ENCODED]
    return found


def parts(kind: type[Any], *, fixed: bool = False) -> Codec:
    """A list of structures of one value class; `fixed` if none of its fields can hold what changes, such as a list.

    Those are encoded once: jobs of an app share their search spaces.
    """
    encode_one = _encoded_once if fixed else encode
    return Codec(
        lambda values: [encode_one(_of_kind(kind, value)) for value in values],
        lambda items: [decode(kind, i) for i in items],
        kind,
    )


def named(kind: type[Any], key: str) -> Codec:
    """A list of structures that is declared as a mapping from the member ``key``, which the value class leaves out."""

    def to_list(values: Any) -> list[dict[str, Any]]:
        return [{key: name, **encode(_of_kind(kind, value))} for name, value in values.items()]

    def to_mapping(items: Any) -> dict[str, Any]:
        return {item[key]: decode(kind, item) for item in items}

    return Codec(to_list, to_mapping, kind)


def pairs(key: str, value: str) -> Codec:
    """A list of structures of two members that is declared as a mapping from one to the other."""
    return Codec(
        lambda values: [{key: name, value: item} for name, item in values.items()],
        lambda items: {item[key]: item[value] for item in items},
    )
