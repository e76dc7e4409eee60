"""What every decoder offers: the target so far and the encoded source to one vector a position.

From that vector the next word is predicted. Training runs over whole sentences (``forward``); search begins once and
then goes step by step.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

#: What a decoder carries from step to step: tensors with one row a hypothesis.
Carried = tuple[Tensor, ...]


class Decoding(Protocol):
    """A decoder at work on some sentences."""

    initial: Carried

    def step(self, embedded: Tensor, carried: Carried) -> tuple[Tensor, Tensor, Carried]:
        """The embedded word before, (B, E), to features (B, H), attention weights (B, S) and what to carry on."""
        ...
