"""``application/jsonlines``, for batch transform: ``{"source": "..."}`` a line, ``{"target": "..."}`` for each."""

from __future__ import annotations

from collections.abc import Sequence

from ..search import Hypothesis
from ..translator import Translator
from . import json_text
from .format import Sentence, bad_request, shown, text_of


class JsonLinesFormat:
    """A line in, a line out: batch transform joins the answers to its input line by line."""

    media_type = "application/jsonlines"

    def read(self, body: bytes, translator: Translator) -> list[Sentence]:
        """A sentence for each line; the last may end in a line break."""
        lines = body.removesuffix(b"\n").split(b"\n")
        return [_sentence(line, f"line {number}", translator) for number, line in enumerate(lines, start=1)]

    def write(self, sentences: Sequence[Sentence], found: Sequence[Hypothesis], translator: Translator) -> bytes:
        """A line for each sentence."""
        return b"".join(json_text.serialize({"target": translator.decode(best.words)}) + b"\n" for best in found)


def _sentence(line: bytes, name: str, translator: Translator) -> Sentence:
    value = json_text.parse(line, name)
    if not isinstance(value, dict) or "source" not in value:
        got = "an object without it" if isinstance(value, dict) else shown(value)
        raise bad_request(f"{name} must be an object with 'source', but got {got}")
    return Sentence(translator.encode(text_of(value["source"], f"{name}: source")))
