"""What every format of requests and answers has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..search import Hypothesis
from ..translator import Translator
from .errors import RequestError


class Sentence(NamedTuple):
    """A sentence to translate: the ids of its words, and whether the attention matrix is asked for as well."""

    words: Sequence[int]
    matrix: bool = False


class Format(Protocol):
    """How sentences stand in the body of a request, and their translations in that of its answer."""

    @property
    def media_type(self) -> str:
        """Content type of request and answer alike."""
        ...

    def read(self, body: bytes, translator: Translator) -> list[Sentence]:
        """The sentences of a request, whose body is not empty.

        Raises:
            RequestError: The body is not of this format.
        """
        ...

    def write(self, sentences: Sequence[Sentence], found: Sequence[Hypothesis], translator: Translator) -> bytes:
        """The answer, in the order of the request."""
        ...


def bad_request(message: str) -> RequestError:
    """The error of a body that is not what its content type says."""
    return RequestError(400, message)


def text_of(value: object, name: str) -> str:
    """A value that must be a sentence; ``name`` is its place in the request."""
    if not isinstance(value, str):
        raise bad_request(f"{name} must be a string of words split by spaces, but got {shown(value)}")
    return value


def shown(value: object) -> str:
    """A value in an error message: short, whatever it is."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
