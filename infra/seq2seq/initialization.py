"""Initial weights: xavier or uniform by the documented hyperparameters, recurrent weights orthogonal as in Sockeye."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .hyperparameters import HyperParameters


class Initializer(NamedTuple):
    """How a model's weights start; each module initialises its own in its constructor."""

    kind: str
    scale: float
    factor: str

    @classmethod
    def of(cls, settings: HyperParameters) -> Initializer:
        """The initialiser that a job's hyperparameters describe."""
        return cls(settings.weight_init_type, settings.weight_init_scale, settings.xavier_factor_type)

    def half_width(self, fan_in: int, fan_out: int) -> float:
        """c of the uniform distribution (-c, c); xavier: Glorot & Bengio (2010), with a factor and scale to choose."""
        if self.kind == "uniform":
            return abs(self.scale)
        factor = {"in": fan_in, "out": fan_out, "avg": (fan_in + fan_out) / 2}[self.factor]
        return math.sqrt(abs(self.scale) / factor)

    def weight(self, fan_in: int, fan_out: int) -> nn.Parameter:
        """A matrix (fan_in, fan_out), to be multiplied from the left by rows of inputs."""
        return nn.Parameter(self.values(fan_in, fan_out, (fan_in, fan_out)))

    def embedding(self, words: int, size: int, padding: int) -> nn.Embedding:
        """Word vectors, (words, size); that of padding stays zero."""
        table = nn.Embedding(words, size, padding_idx=padding)
        with torch.no_grad():
            table.weight.copy_(self.values(size, words, (words, size)))
            table.weight[padding].zero_()
        return table

    def values(self, fan_in: int, fan_out: int, shape: tuple[int, ...]) -> Tensor:
        """Values of this shape."""
        width = self.half_width(fan_in, fan_out)
        return torch.empty(shape).uniform_(-width, width)

    def recurrent(self, hidden: int, gates: int) -> Tensor:
        """State-to-gates weights, (hidden, gates * hidden): one orthogonal matrix a gate (Saxe et al. 2013)."""
        return torch.cat([nn.init.orthogonal_(torch.empty(hidden, hidden)) for _ in range(gates)], dim=1)
