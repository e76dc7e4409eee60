"""Translation by a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from . import artifact
from .search import Hypothesis, beam_search

#: Sentences that are translated together.
BATCH = 64


class Translation(NamedTuple):
    """A source sentence's translation, tokens split by spaces.

    ``score`` is its mean log-probability a token. ``attention`` has a row for each target token and a column for each
    source token.
    """

    source: str
    target: str
    score: float
    attention: list[list[float]]


class Translator:
    """Translates tokenised sentences: ``Translator.load("model.tar.gz").translate(["open the file"])``."""

    def __init__(self, model: artifact.Artifact, *, beam_size: int | None = None) -> None:
        self._artifact = model
        self._beam_size = model.settings.beam_size if beam_size is None else beam_size

    @classmethod
    def load(cls, path: str | Path, *, beam_size: int | None = None) -> Self:
        """A translator from a model.tar.gz or a model folder.

        Args:
            path: The model.
            beam_size: Hypotheses followed at once; None: the model's hyperparameter beam_size.

        Raises:
            ClientError: There is no model at the path.
        """
        return cls(artifact.load(Path(path)), beam_size=beam_size)

    def translate(self, sentences: Sequence[str]) -> list[Translation]:
        """Translations in the order of the sentences.

        Tokens are split by white space; unknown ones count as <unk>, those beyond max_seq_len_source are ignored, and
        an empty sentence translates to an empty one.
        """
        encode, longest = self._artifact.source.encode, self._artifact.settings.max_seq_len_source
        sources = [np.array(encode(sentence.split()[:longest]), dtype=np.int32) for sentence in sentences]
        # Sentences of like length share a batch.
        order = sorted((i for i, ids in enumerate(sources) if len(ids)), key=lambda i: len(sources[i]))
        found: dict[int, Hypothesis] = {}
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            found.update(zip(part, self._search([sources[i] for i in part]), strict=True))
        return [self._translation(sentence, found.get(i)) for i, sentence in enumerate(sentences)]

    def _search(self, sources: list[np.ndarray[tuple[int], np.dtype[np.int32]]]) -> list[Hypothesis]:
        limit = self._artifact.settings.max_seq_len_target
        return beam_search(self._artifact.model, list(sources), self._beam_size, limit)

    def _translation(self, sentence: str, found: Hypothesis | None) -> Translation:
        if found is None:
            return Translation(sentence, "", 0.0, [])
        target = " ".join(self._artifact.target.decode(found.words))
        return Translation(sentence, target, found.score, found.attention.tolist())
