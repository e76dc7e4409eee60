"""The words of a batch without its padding."""

from __future__ import annotations

import torch
from torch import Tensor


class Packing:
    """The N words of B sentences step by step: those of a step stand together, longer sentences first.

    So a recurrence computes on the sentences that go on, which are the first rows of its state, and on nothing else.

    Args:
        lengths: Words of each sentence, (B,), none 0.
    """

    def __init__(self, lengths: Tensor) -> None:
        order = lengths.argsort(descending=True, stable=True)
        longest = int(lengths.max())
        running = torch.arange(longest, device=lengths.device).unsqueeze(1) < lengths[order]  # (T, B)
        self._shape = len(lengths), longest
        self._lengths = lengths
        self._step, self._rank = running.nonzero(as_tuple=True)  # (N,) each
        self._row = order[self._rank]  # (N,): whose word it is
        counts = running.sum(dim=1)  # (T,)
        self._starts = counts.cumsum(dim=0) - counts
        #: Sentences in each step; falling.
        self.sizes: list[int] = counts.tolist()

    def pack(self, padded: Tensor) -> Tensor:
        """(B, T, ...) to (N, ...)."""
        return padded[self._row, self._step]

    def unpack(self, packed: Tensor) -> Tensor:
        """(N, H) to (B, T, H), zero where there is no word."""
        rows, longest = self._shape
        places = self._row * longest + self._step  # (N,): where each word stands in (B * T, H)
        padded = packed.new_zeros(rows * longest, packed.size(1)).index_copy(0, places, packed)
        return padded.view(rows, longest, -1)

    def mirror(self) -> Tensor:
        """For each of the N words the one as far from the other end of its sentence; twice that is the word itself."""
        return self._starts[self._lengths[self._row] - 1 - self._step] + self._rank
