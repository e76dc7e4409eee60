"""Which format a request is in, and whether its sender takes the answer in the same."""

from __future__ import annotations

from .errors import RequestError
from .format import Format
from .json_format import JsonFormat
from .jsonlines_format import JsonLinesFormat
from .recordio_format import RecordIoFormat

_FORMATS: tuple[Format, ...] = (JsonFormat(), RecordIoFormat(), JsonLinesFormat())
_BY_TYPE = {known.media_type: known for known in _FORMATS}
#: The documents print this once; answered under the real name.
_ALIASES = {"applications/x-recordio-protobuf": RecordIoFormat.media_type}


def negotiate(content_type: str, accept: str) -> Format:
    """The format of a request and its answer.

    Args:
        content_type: The header, in any case and with any parameters; empty if there is none.
        accept: The header; empty if there is none.

    Raises:
        RequestError: The content type is none of ours (415), or the answer's is not accepted (406).
    """
    name = _name(content_type)
    chosen = _BY_TYPE.get(_ALIASES.get(name, name))
    if chosen is None:
        raise RequestError(415, f"Content-Type must be one of {', '.join(_BY_TYPE)}, but got {content_type or 'none'}")
    if accept and not _accepts(accept, chosen.media_type):
        raise RequestError(406, f"Accept must allow {chosen.media_type}, the type of the request, but got {accept}")
    return chosen


def _accepts(header: str, media_type: str) -> bool:
    """Whether an Accept header has the type, ``*/*`` or ``application/*`` with a quality above 0; exact ones count."""
    qualities = {}
    for part in header.split(","):
        name = _name(part)
        qualities[_ALIASES.get(name, name)] = _quality(part)
    for pattern in (media_type, "application/*", "*/*"):
        if pattern in qualities:
            return qualities[pattern] > 0
    return False


def _name(header: str) -> str:
    return header.split(";", 1)[0].strip().lower()


def _quality(part: str) -> float:
    for parameter in part.split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
