"""The ranking loss: softmax cross-entropy of the next item, over the catalogue or over a sample of it.

Hidasi & Karatzoglou (2018), section 3.1: with additional samples cross-entropy is as good as their top-k losses.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .network import HierarchicalNetwork

EXACT_ITEMS = 4096
"""Catalogues up to this size need no sampling."""

SAMPLES = 2048


class SampledSoftmax:
    """Cross-entropy of targets among candidates that are drawn anew for each window.

    The candidates are the window's targets and a draw by popularity. Each score is lowered by the logarithm of the
    probability that its item is a candidate, so that the sum over candidates estimates that over the catalogue: Jean
    et al. (2015), "On Using Very Large Target Vocabulary for Neural Machine Translation", section 3.

    Args:
        counts: (items,) how often each item occurs in training.
        samples: candidates drawn beside the targets.
        generator: of the draws.
    """

    def __init__(self, counts: Tensor, generator: torch.Generator, samples: int = SAMPLES) -> None:
        self._exact = len(counts) <= EXACT_ITEMS
        weights = (counts.double() + 1) ** 0.75
        self._probabilities = (weights / weights.sum()).float()  # (items,)
        self._samples = samples
        self._generator = generator

    def __call__(self, network: HierarchicalNetwork, states: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """The weighted mean loss.

        Args:
            network: scores the items.
            states: (targets, hidden) states.
            targets: (targets,) next items.
            weights: (targets,) how much each counts; their sum is above 0.
        """
        if self._exact:
            losses = functional.cross_entropy(network.scores(states), targets, reduction="none")
        else:
            losses = self._sampled(network, states, targets)
        return (losses * weights).sum() / weights.sum()

    def _sampled(self, network: HierarchicalNetwork, states: Tensor, targets: Tensor) -> Tensor:
        drawn = torch.multinomial(self._probabilities, self._samples, replacement=True, generator=self._generator)
        candidates, inverse = torch.unique(torch.cat([targets, drawn]), return_inverse=True)
        expected = -torch.expm1(self._samples * torch.log1p(-self._probabilities[candidates]))  # drawn at least once
        expected[inverse[: len(targets)]] = 1.0  # targets are there in any case
        scores = states @ network.embedding.weight[candidates].T + network.bias[candidates]  # (targets, candidates)
        return functional.cross_entropy(scores - expected.log(), inverse[: len(targets)], reduction="none")
