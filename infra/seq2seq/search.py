"""Beam search (Sutskever et al. 2014, section 3.2): the translations that a model finds most probable a word.

A hypothesis scores its log-probability divided by its length, </s> counted: the length penalty of Wu et al. (2016,
section 7) with alpha 1 and 0 for their constant 5, as Sockeye has it by default. Finished ones stay in the beam and
compete with those that still grow.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .batching import pad
from .dataset import Int32s
from .model import Seq2Seq
from .vocabulary import BOS, EOS, PAD

#: Sentences that are best searched together: with fewer each takes longer, more take longer in proportion.
SEARCH_BATCH = 64


class Hypothesis(NamedTuple):
    """A translation; the matrix has a row for each of its words and a column for each source word."""

    words: list[int]
    score: float  # mean log-probability of its words and </s>
    attention: Tensor  # (T, S)


class _Step(NamedTuple):
    """What the way back needs: which hypothesis was extended by which word while looking where."""

    parents: Tensor  # (B, K)
    words: Tensor  # (B, K)
    attention: Tensor  # (B, K, S), by parent


def max_target_length(source_length: int, limit: int) -> int:
    """Words after which a translation is ended: twice the source and ten, at most the limit."""
    return min(2 * source_length + 10, limit)


@torch.inference_mode()
def beam_search(model: Seq2Seq, sources: list[Int32s], beam_size: int, max_length: int) -> list[Hypothesis]:
    """The best translation of each source sentence.

    Args:
        model: In evaluation mode.
        sources: B sentences as word ids, none empty.
        beam_size: Hypotheses K that are followed at once.
        max_length: Most words of a translation.
    """
    device = model.output_weight.device
    lengths = torch.tensor([len(words) for words in sources], device=device)
    limits = torch.tensor([max_target_length(len(words), max_length) for words in sources], device=device).unsqueeze(1)
    encoded = model.encode(pad(sources).to(device), lengths).repeated(beam_size)
    decoding = model.decoder.begin(encoded)
    carried, rows = decoding.initial, len(sources)
    beam = _Beam(rows, beam_size, device)
    words = torch.full((rows * beam_size,), BOS, device=device)
    steps: list[_Step] = []
    for _ in range(int(limits.max()) + 1):
        if bool(beam.finished.all()):
            break
        embedded = model.target_embedding(words.unsqueeze(1), start=len(steps)).squeeze(1)
        features, attention, carried = decoding.step(embedded, carried)
        scores = model.scores(features).view(rows, beam_size, -1)  # (B, K, V)
        parents, chosen = beam.advance(scores, at_limit=limits.eq(len(steps)))
        flat = (parents + torch.arange(rows, device=device).unsqueeze(1) * beam_size).flatten()  # (B * K,)
        carried = tuple(part.index_select(0, flat) for part in carried)
        words = chosen.flatten()
        steps.append(_Step(parents, chosen, attention.view(rows, beam_size, -1)))
    return _traces(steps, beam, [len(source) for source in sources])


class _Beam:
    """K hypotheses for each of B sentences, the best first."""

    def __init__(self, rows: int, size: int, device: torch.device) -> None:
        # All start from the same <s>: only the first counts until they differ.
        self.totals = torch.full((rows, size), -torch.inf, device=device)  # log-probabilities
        self.totals[:, 0] = 0.0
        self.lengths = torch.zeros(rows, size, dtype=torch.long, device=device)  # words, </s> counted
        self.finished = torch.zeros(rows, size, dtype=torch.bool, device=device)

    def advance(self, scores: Tensor, at_limit: Tensor) -> tuple[Tensor, Tensor]:
        """Extends each hypothesis by each word, (B, K, V), and keeps the best K: parents and words, each (B, K).

        Hypotheses ``at_limit`` (B, 1) can only end, finished ones only stay. The scores are overwritten.
        """
        size = self.totals.size(1)
        found, words = self._extensions(scores, at_limit)  # (B, K, W)
        totals = self.totals.unsqueeze(2) + found
        lengths = self.lengths + (~self.finished).long()
        ranked = (totals / lengths.unsqueeze(2)).flatten(1).topk(size, dim=1).indices  # (B, K) of K * W
        parents, chosen = ranked // words.size(2), words.flatten(1).gather(1, ranked)
        self.totals = totals.flatten(1).gather(1, ranked)
        self.lengths = lengths.gather(1, parents)
        impossible = self.totals == -torch.inf  # where there are fewer ways to go on than hypotheses
        self.finished = self.finished.gather(1, parents) | (chosen == EOS) | impossible
        return parents, chosen

    def _extensions(self, scores: Tensor, at_limit: Tensor) -> tuple[Tensor, Tensor]:
        """Log-probabilities and ids of the W words after each hypothesis that can be among the best: (B, K, W)."""
        normaliser = scores.logsumexp(dim=2, keepdim=True)
        scores[:, :, PAD] = scores[:, :, BOS] = -torch.inf
        if bool(at_limit.any()):
            end = scores[:, :, EOS].clone()
            scores.masked_fill_(at_limit.unsqueeze(2), -torch.inf)
            scores[:, :, EOS] = end
        best, words = scores.topk(min(scores.size(1), scores.size(2)), dim=2)
        found, finished = best - normaliser, self.finished.unsqueeze(2)
        found = found.masked_fill(finished, -torch.inf)
        found[:, :, :1].masked_fill_(finished, 0.0)
        return found, words.masked_fill(finished, PAD)


def _traces(steps: list[_Step], beam: _Beam, source_lengths: list[int]) -> list[Hypothesis]:
    """The best hypothesis of each sentence, followed back from its end."""
    words, parents = (torch.stack(part).tolist() for part in ([s.words for s in steps], [s.parents for s in steps]))
    attention = torch.stack([step.attention for step in steps])  # (T, B, K, S)
    scores = (beam.totals[:, 0] / beam.lengths[:, 0]).tolist()
    found = []
    for row, source_length in enumerate(source_lengths):
        place, path = 0, []
        for t in reversed(range(len(steps))):
            word, parent = words[t][row][place], parents[t][row][place]
            if word not in (PAD, EOS):
                path.append((word, t, parent))
            place = parent
        path.reverse()
        at, before = [t for _, t, _ in path], [parent for _, _, parent in path]
        found.append(Hypothesis([word for word, _, _ in path], scores[row], attention[at, row, before, :source_length]))
    return found
