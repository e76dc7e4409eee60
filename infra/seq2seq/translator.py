"""Translation by a trained model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import torch

from . import artifact
from .search import SEARCH_BATCH, Hypothesis, beam_search


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
        self.beam_size = model.settings.beam_size if beam_size is None else beam_size

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

    def to(self, device: torch.device) -> Self:
        """Moves the model to a device; the same translator."""
        self._artifact.model.to(device)
        return self

    @property
    def source_words(self) -> int:
        """Size of the source vocabulary; word ids are smaller."""
        return len(self._artifact.source)

    def translate(self, sentences: Sequence[str]) -> list[Translation]:
        """Translations in the order of the sentences.

        Tokens are split by white space; unknown ones count as <unk>, those beyond max_seq_len_source are ignored, and
        an empty sentence translates to an empty one.
        """
        found = self.search([self.encode(sentence) for sentence in sentences])
        return [
            Translation(sentence, self.decode(best.words), best.score, best.attention.tolist())
            for sentence, best in zip(sentences, found, strict=True)
        ]

    def encode(self, sentence: str) -> list[int]:
        """Word ids of a sentence, that of <unk> for unknown words."""
        return self._artifact.source.encode(sentence.split())

    def decode(self, words: Sequence[int]) -> str:
        """The target sentence of word ids."""
        return " ".join(self._artifact.target.decode(words))

    def search(self, sources: Sequence[Sequence[int]]) -> list[Hypothesis]:
        """Translations of sentences given as word ids, in their order; cut and empty ones as in :meth:`translate`."""
        longest = self._artifact.settings.max_seq_len_source
        cut = [np.array(words[:longest], dtype=np.int32) for words in sources]
        # Sentences of like length share a batch.
        order = sorted((i for i, words in enumerate(cut) if len(words)), key=lambda i: len(cut[i]))
        found = [Hypothesis([], 0.0, torch.zeros(0, 0))] * len(cut)
        limit = self._artifact.settings.max_seq_len_target
        for start in range(0, len(order), SEARCH_BATCH):
            part = order[start : start + SEARCH_BATCH]
            best = beam_search(self._artifact.model, [cut[i] for i in part], self.beam_size, limit)
            for i, hypothesis in zip(part, best, strict=True):
                found[i] = hypothesis
        return found
