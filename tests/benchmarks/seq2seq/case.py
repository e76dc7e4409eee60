"""What one measurement is, told to the measuring programs as JSON."""

from __future__ import annotations

import dataclasses
import json
import resource
from pathlib import Path


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One training, then evaluation on the development pairs where asked for.

    Args:
        corpus: Folder with ``train.src``, ``train.trg``, ``dev.src`` and ``dev.trg``.
        layers: Of the encoder, whose first is bidirectional, and of the decoder.
        units: Of each layer, both directions together; embeddings are as large.
        max_length: Most tokens of a sentence.
        warm_up: Updates before the measurement.
        updates: Updates of 64 pairs in all.
        evaluate: Whether perplexity, BLEU and decoding speed at beam 5 are wanted.
        checkpoint: Updates from one checkpoint to the next; the best one by perplexity is the model. None: the last.
        min_count: Words that occur less often are unknown.
        kind: Of the encoder and the decoder, ``rnn`` or ``cnn``; JoeyNMT has no ``cnn``.
    """

    corpus: Path
    layers: int
    units: int
    max_length: int
    warm_up: int
    updates: int
    learning_rate: float = 0.001
    seed: int = 1
    evaluate: bool = False
    checkpoint: int | None = None
    min_count: int = 1
    kind: str = "rnn"

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self) | {"corpus": str(self.corpus)})

    @classmethod
    def from_json(cls, text: str) -> Case:
        values = json.loads(text)
        return cls(**values | {"corpus": Path(values["corpus"])})


BATCH_SIZE = 64
BEAM_SIZE = 5


def peak_mib() -> float:
    """Most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
