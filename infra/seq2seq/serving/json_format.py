"""``application/json``: sentences as words split by spaces, with the attention matrix where it is asked for.

``{"instances": [{"data": "open the file", "configuration": {"attention_matrix": "true"}}]}`` is answered by
``{"predictions": [{"target": "datei öffnen", "matrix": [[...], [...]]}]}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..search import Hypothesis
from ..translator import Translator
from . import json_text
from .format import Sentence, bad_request, shown, text_of

# The documents have the boolean, the public example sends the string.
_CHOICES = {"true": True, "false": False}


class JsonFormat:
    """Instances in, predictions out."""

    media_type = "application/json"

    def read(self, body: bytes, translator: Translator) -> list[Sentence]:
        """A sentence for each instance."""
        request = json_text.parse(body, "the body")
        instances = request.get("instances") if isinstance(request, dict) else None
        if not isinstance(instances, list):
            got = f"{shown(request)} without it" if isinstance(request, dict) else shown(request)
            raise bad_request(f"the body must be an object with a list 'instances', but got {got}")
        return [_sentence(instance, f"instances[{i}]", translator) for i, instance in enumerate(instances)]

    def write(self, sentences: Sequence[Sentence], found: Sequence[Hypothesis], translator: Translator) -> bytes:
        """A prediction for each instance."""
        predictions = []
        for sentence, best in zip(sentences, found, strict=True):
            prediction: dict[str, Any] = {"target": translator.decode(best.words)}
            if sentence.matrix:
                prediction["matrix"] = best.attention.tolist()
            predictions.append(prediction)
        return json_text.serialize({"predictions": predictions})


def _sentence(instance: object, name: str, translator: Translator) -> Sentence:
    if not isinstance(instance, dict):
        raise bad_request(f"{name} must be an object with 'data', but got {shown(instance)}")
    if "data" not in instance:
        raise bad_request(f"{name} has no 'data', the words of a sentence split by spaces")
    words = translator.encode(text_of(instance["data"], f"{name}.data"))
    configuration = instance.get("configuration", {})
    if not isinstance(configuration, dict):
        raise bad_request(f"{name}.configuration must be an object, but got {shown(configuration)}")
    return Sentence(words, _choice(configuration.get("attention_matrix", False), name))


def _choice(value: object, name: str) -> bool:
    chosen = _CHOICES.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(chosen, bool):
        raise bad_request(f"{name}.configuration.attention_matrix must be true or false, but got {shown(value)}")
    return chosen
