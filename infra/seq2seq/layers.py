"""Small parts that several modules share."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .initialization import Initializer
from .packing import Packing


class Words(NamedTuple):
    """Embedded sentences with each distinct word once, so that whatever is done to words alone is done once a word."""

    vectors: Tensor  # (U, E)
    places: Tensor  # (B, T): which vector stands where

    def packed(self, function: Callable[[Tensor], Tensor], packing: Packing) -> Tensor:
        """The packed sentences after a function of each word: (N, F)."""
        return nn.functional.embedding(packing.pack(self.places), function(self.vectors))

    def sentences(self) -> Tensor:
        """The sentences as they are: (B, T, E)."""
        return nn.functional.embedding(self.places, self.vectors)


class Projection(nn.Module):
    """A linear layer with the job's initial weights: (..., inputs) to (..., outputs)."""

    def __init__(self, inputs: int, outputs: int, init: Initializer) -> None:
        super().__init__()
        self.weight = init.weight(inputs, outputs)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return x @ self.weight + self.bias


class Convolution(nn.Module):
    """One convolution over time with its activation (Gehring et al. 2017, section 3.2), without padding.

    As one matrix product over windows of ``width`` neighbours: (B, T + width - 1, H) to (B, T, H).
    """

    def __init__(self, hidden: int, width: int, activation: str, init: Initializer) -> None:
        super().__init__()
        self.width, self.activation = width, activation
        self.project = Projection(width * hidden, 2 * hidden if activation == "glu" else hidden, init)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        steps = x.size(1) - self.width + 1
        windows = torch.cat([x[:, start : start + steps] for start in range(self.width)], dim=2)  # (B, T, width * H)
        return activate(self.project(windows), self.activation)


def activate(x: Tensor, activation: str) -> Tensor:
    """The activation of that name; glu halves the last dimension."""
    match activation:
        case "glu":
            return nn.functional.glu(x, dim=-1)
        case "relu":
            return x.relu()
        case "softrelu":
            return nn.functional.softplus(x)
        case "sigmoid":
            return x.sigmoid()
        case _:
            return x.tanh()
