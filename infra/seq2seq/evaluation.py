"""The metrics on the validation data: perplexity and accuracy of the next word, BLEU of whole translations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch

from .batching import Indices, make_batch, sorted_batches
from .dataset import PairStore
from .loss import cross_entropy
from .model import Seq2Seq
from .processes import Processes
from .search import SEARCH_BATCH, beam_search


def perplexity(cross_entropy_per_token: float) -> float:
    """exp of the mean cross-entropy in nats; the largest exponent that a float has, where it would overflow."""
    return math.exp(min(cross_entropy_per_token, 700.0))


@torch.inference_mode()
def next_word_metrics(
    model: Seq2Seq, store: PairStore, batch_size: int, processes: Processes | None = None
) -> dict[str, float]:
    """Perplexity and accuracy over all target tokens, </s> counted, given the true words before each."""
    model.eval()
    processes = Processes() if processes is None else processes

    def sums(indices: Indices) -> tuple[float, int, int]:
        loss = cross_entropy(model, model(make_batch(store, indices).to(model.output_weight.device)))
        return float(loss.total), int(loss.correct), loss.tokens

    everything = processes.map(sums, sorted_batches(store, batch_size))
    total, correct, tokens = (sum(column) for column in zip(*everything, strict=True))
    return {"perplexity": perplexity(total / tokens), "accuracy": correct / tokens}


def bleu(hypotheses: Sequence[Sequence[str]], references: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU by sacrebleu on the tokens as they are, between 0 and 1."""
    from sacrebleu.metrics.bleu import BLEU

    metric = BLEU(tokenize="none", force=True)
    joined = [" ".join(tokens) for tokens in hypotheses]
    return float(metric.corpus_score(joined, [[" ".join(tokens) for tokens in references]]).score) / 100


def bleu_sample(store: PairStore, size: int, seed: int) -> Indices:
    """Sentences to decode: a random sample of this size, all for -1 or 0, shortest first."""
    everything = np.arange(len(store))
    if 0 < size < len(store):
        everything = np.random.default_rng(seed).choice(everything, size, replace=False)
    return everything[np.argsort(store.lengths(0)[everything], kind="stable")]


def translation_bleu(
    model: Seq2Seq,
    store: PairStore,
    sample: Indices,
    decode: Callable[[Sequence[int]], list[str]],
    *,
    beam_size: int,
    max_length: int,
    processes: Processes | None = None,
) -> float:
    """BLEU of the model's translations of a sample of sentences; ``decode`` gives the words of ids."""
    model.eval()
    processes = Processes() if processes is None else processes

    def translations(part: Indices) -> list[list[int]]:
        found = beam_search(model, [store.sentence(0, index) for index in part], beam_size, max_length)
        return [hypothesis.words for hypothesis in found]

    parts = [sample[start : start + SEARCH_BATCH] for start in range(0, len(sample), SEARCH_BATCH)]
    found = processes.map(translations, parts)
    references = [decode(store.sentence(1, index).tolist()) for index in sample]
    return bleu([decode(words) for translated in found for words in translated], references)
