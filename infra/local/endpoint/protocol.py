"""AWS's JSON protocol: JSON to Python by input shape, Python to JSON by output shape.

Both follow `botocore <https://botocore.amazonaws.com>`_'s service models, so the values are those that boto3 users
write and read. Decoding checks types only; `validation` checks the constraints.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import parse_timestamp

from infra.local.endpoint.errors import SerializationError

_INTEGER_BITS = {"integer": 32, "long": 64}
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def loads(body: bytes) -> dict[str, Any]:
    """The JSON object of a request; an empty body is an empty object."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise SerializationError(f"the body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise SerializationError(f"the body must be a JSON object, but it is {_kind(value)}")
    return value


def _refuse_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not a JSON number")


def decode(shape: Shape, value: Any, path: str = "") -> Any:
    """The value as boto3 users write it.

    Members that the shape lacks are ignored and null members count as absent, as AWS does. Null in a list or map is
    kept for `validation` to refuse.

    Raises:
        SerializationError: A value of another type than its shape.
    """
    if value is None:
        return None
    if isinstance(shape, StructureShape):
        return _decode_structure(shape, value, path)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise _mismatch(value, "a list", path)
        return [decode(shape.member, item, f"{path}.{n}.member") for n, item in enumerate(value, start=1)]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            raise _mismatch(value, "a map", path)
        return {key: decode(shape.value, item, f"{path}.{key}.member") for key, item in value.items()}
    return _decode_scalar(shape.type_name, value, path)


def _decode_structure(shape: StructureShape, value: Any, path: str) -> Any:
    if shape.is_document_type:
        return value
    if not isinstance(value, dict):
        raise _mismatch(value, "a structure", path)
    return {
        name: decode(member, value[name], join(path, name))
        for name, member in shape.members.items()
        if value.get(name) is not None
    }


def _decode_scalar(type_name: str, value: Any, path: str) -> Any:
    match type_name:
        case "string" | "character":
            if isinstance(value, str):
                return value
            raise _mismatch(value, "a string", path)
        case "boolean":
            if isinstance(value, bool):
                return value
            raise _mismatch(value, "a boolean", path)
        case "integer" | "long":
            return _decode_integer(type_name, value, path)
        case "float" | "double":
            return _decode_float(value, path)
        case "timestamp":
            return _decode_timestamp(value, path)
        case "blob":
            return _decode_blob(value, path)
    raise TypeError(f"shapes of type {type_name} are not known")


def _decode_integer(type_name: str, value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _mismatch(value, f"a whole number ({type_name})", path)
    bits = _INTEGER_BITS[type_name] - 1
    if not -(2**bits) <= value < 2**bits:
        raise SerializationError(f"{value} at '{path}' is out of range for {type_name}")
    return value


def _decode_float(value: Any, path: str) -> float:
    if isinstance(value, str) and value in _NON_FINITE:
        return _NON_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _mismatch(value, "a number", path)
    try:
        return float(value)
    except OverflowError as error:
        raise SerializationError(f"{value} at '{path}' is out of range for double") from error


def _decode_timestamp(value: Any, path: str) -> datetime:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _mismatch(value, "a timestamp", path)
    try:
        moment = parse_timestamp(value) if isinstance(value, str) else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError, TypeError, RuntimeError) as error:
        raise SerializationError(f"{value!r} at '{path}' is not a timestamp") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _decode_blob(value: Any, path: str) -> bytes:
    if not isinstance(value, str):
        raise _mismatch(value, "a base64 string", path)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SerializationError(f"the value at '{path}' is not base64") from error


def join(path: str, member: str) -> str:
    """The path of a structure's member as AWS prints it: members start in lower case."""
    name = member[:1].lower() + member[1:]
    return f"{path}.{name}" if path else name


def _mismatch(value: Any, wanted: str, path: str) -> SerializationError:
    return SerializationError(f"expected {wanted} at '{path}', but got {_kind(value)}")


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return f"the number {value}"
        case str():
            return "a string"
        case list():
            return "a list"
    return "an object"


def dumps(shape: Shape | None, value: Mapping[str, Any]) -> bytes:
    """The body of an answer; operations without output answer with an empty object."""
    encoded = {} if shape is None else encode(shape, value)
    return json.dumps(encoded, separators=(",", ":"), allow_nan=False).encode()


def encode(shape: Shape, value: Any, path: str = "") -> Any:
    """The JSON value; members that the shape lacks and None members are left out.

    Raises:
        TypeError: The service answered with a value of another type than its shape: a mistake of the service.
    """
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return value
        _expect(isinstance(value, Mapping), value, "a mapping", path)
        return {
            name: encode(member, value[name], join(path, name))
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        _expect(isinstance(value, (list, tuple)), value, "a list", path)
        return [encode(shape.member, item, f"{path}.{n}") for n, item in enumerate(value, start=1)]
    if isinstance(shape, MapShape):
        _expect(isinstance(value, Mapping), value, "a mapping", path)
        return {str(key): encode(shape.value, item, f"{path}.{key}") for key, item in value.items()}
    return _encode_scalar(shape, value, path)


def _encode_scalar(shape: Shape, value: Any, path: str) -> Any:
    match shape.type_name:
        case "string" | "character":
            _expect(isinstance(value, str), value, "a str", path)
            return str(value)
        case "boolean":
            _expect(isinstance(value, bool), value, "a bool", path)
            return value
        case "integer" | "long":
            _expect(isinstance(value, int) and not isinstance(value, bool), value, "an int", path)
            return int(value)
        case "float" | "double":
            _expect(isinstance(value, (int, float)) and not isinstance(value, bool), value, "a float", path)
            return _encode_float(float(value))
        case "timestamp":
            return _encode_timestamp(shape, value, path)
        case "blob":
            _expect(isinstance(value, bytes), value, "bytes", path)
            return base64.b64encode(value).decode()
    raise TypeError(f"shapes of type {shape.type_name} are not known")


def _encode_float(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _encode_timestamp(shape: Shape, value: Any, path: str) -> float | str:
    """Epoch seconds with milliseconds, the protocol's default, unless the shape says ISO 8601."""
    _expect(isinstance(value, datetime) and value.tzinfo is not None, value, "an aware datetime", path)
    if shape.serialization.get("timestampFormat") == "iso8601":
        return str(value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    return round(float(value.timestamp()), 3)


def _expect(holds: bool, value: Any, wanted: str, path: str) -> None:
    if not holds:
        raise TypeError(f"the answer's '{path}' must be {wanted}, but it is {value!r}")
