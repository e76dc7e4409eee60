"""What every encoder gives and every decoder looks at."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class Encoded(NamedTuple):
    """A batch of encoded source sentences; zero where there is no word."""

    keys: Tensor  # (B, S, D): what positions are found by
    values: Tensor  # (B, S, D): what is taken from them
    mask: Tensor  # (B, S): true where there is a word
    last: Tensor  # (B, D): the encoder's last state

    def repeated(self, times: int) -> Encoded:
        """Each sentence so many times in a row, for the hypotheses of a beam."""
        return Encoded(*(part.repeat_interleave(times, dim=0) for part in self))
