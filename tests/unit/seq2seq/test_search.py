"""Beam search against a plain one that follows its definition, sentence by sentence and word by word."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from infra.seq2seq.model import Seq2Seq
from infra.seq2seq.search import beam_search, max_target_length
from infra.seq2seq.vocabulary import BOS, EOS, PAD

from .tiny import settings

_KINDS = ("rnn", "cnn")


@torch.no_grad()
def _next_word(model: Seq2Seq, source: list[int], before: list[int]) -> list[float]:
    """Log-probabilities of the word after those before, computed from the start."""
    decoding = model.decoder.begin(model.encode(torch.tensor([source]), torch.tensor([len(source)])))
    carried, features = decoding.initial, torch.empty(0)
    for place, word in enumerate([BOS, *before]):
        embedded = model.target_embedding(torch.tensor([[word]]), start=place).squeeze(1)
        features, _, carried = decoding.step(embedded, carried)
    found: list[float] = model.scores(features)[0].double().log_softmax(0).tolist()
    return found


def _plain_search(model: Seq2Seq, source: list[int], size: int, longest: int) -> tuple[list[int], float]:
    """Words, </s> included unless the search is not done, and mean log-probability."""
    limit = max_target_length(len(source), longest)
    beam: list[tuple[list[int], float]] = [([], 0.0)]
    while not all(words and words[-1] == EOS for words, _ in beam):
        extended = []
        for words, total in beam:
            if words and words[-1] == EOS:
                extended.append((words, total))
                continue
            scores = _next_word(model, source, words)
            allowed = [EOS] if len(words) == limit else [w for w in range(len(scores)) if w not in (PAD, BOS)]
            extended += [([*words, word], total + scores[word]) for word in allowed]
        beam = sorted(extended, key=lambda each: -each[1] / len(each[0]))[:size]
    words, total = beam[0]
    return words[:-1], total / len(words)


@pytest.mark.parametrize("seed", range(12))
def test_each_sentence_of_a_batch_gets_what_a_plain_search_finds(seed: int) -> None:
    # GIVEN a model that ends some sentences early and some at their limit
    generator = random.Random(seed)
    torch.manual_seed(seed)
    kinds = {"encoder_type": generator.choice(_KINDS), "decoder_type": generator.choice(_KINDS)}
    model = Seq2Seq(settings(weight_init_type="uniform", weight_init_scale="0.7", **kinds), 9, 12).eval()
    with torch.no_grad():
        model.output_bias[EOS] += generator.choice([-1, 0, 1, 2])
    sources = [[generator.randrange(4, 9) for _ in range(generator.randint(1, 6))] for _ in range(5)]
    size, longest = generator.randint(1, 6), generator.randint(1, 8)
    # WHEN
    found = beam_search(model, [np.array(words, dtype=np.int32) for words in sources], size, longest)
    # THEN
    for source, hypothesis in zip(sources, found, strict=True):
        words, score = _plain_search(model, source, size, longest)
        assert hypothesis.words == words
        assert hypothesis.score == pytest.approx(score, abs=1e-4)
        assert hypothesis.attention.shape == (len(words), len(source))
        assert hypothesis.attention.sum(dim=1).tolist() == pytest.approx([1.0] * len(words), abs=1e-4)
