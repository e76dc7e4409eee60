"""What a recurrence does in every step with the same matrices, and the gradients of these for all steps together.

Back-propagation through time as frameworks do it adds a small product a step to a weight's gradient, and moves the
whole gradient through memory each time. Here a step forward notes its operand and a step back the gradient that it met;
when all steps are done, one large product gives the sum, at the processor's full speed. The same up to rounding.

Recurrences are written with these parts as pairs of functions, a step forward and a step back, and each appears to
autograd as one operation from its first step to its last: nothing is recorded in between. ``rows`` counts the sentences
of all steps together, N; where it is 0 nobody wants gradients, and nothing is noted.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class StepProduct:
    """``x @ weight + addend`` in every step; the weight is (in, out), or (n, in, out) for n products side by side.

    Operands and gradients are written where the product at the end wants them, so that they move through memory once.
    """

    def __init__(self, weight: Tensor, rows: int) -> None:
        self._weight, self._rows, self._done = weight, rows, 0
        self._product = torch.addmm if weight.dim() == 2 else torch.baddbmm
        self._inputs = weight.new_empty(*weight.shape[:-2], rows, weight.size(-2))
        self._grads = weight.new_empty(*weight.shape[:-2], rows, weight.size(-1))

    def __call__(self, parts: list[Tensor], addend: Tensor) -> Tensor:
        """A step forward: the parts side by side are x, (..., b, in); the addend is (..., b, out) or (out,)."""
        if self._rows:
            start, self._done = self._done, self._done + parts[0].size(-2)
            x = torch.cat(parts, dim=-1, out=self._inputs[..., start : self._done, :])
        else:
            x = parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)
        return self._product(addend, x, self._weight)

    def gradient(self, rows: int) -> Tensor:
        """Where a step back writes the gradient of its result, (..., rows, out), before it calls :meth:`back`."""
        return self._grads[..., self._done - rows : self._done, :]

    def back(self, rows: int) -> Tensor:
        """A step back, from the gradient of its result to that of x; that of the addend is the same."""
        grad = self.gradient(rows)
        self._done -= rows
        return grad @ self._weight.mT

    def gradients(self) -> tuple[Tensor, Tensor]:
        """Those of the addends of all steps, (..., N, out) as the steps forward went, and that of the weight."""
        return self._grads, self._inputs.mT @ self._grads


class StepMix:
    """Weighted sums of the rows of a memory, (B, S, D), in every step; a step may be of the first sentences only."""

    def __init__(self, memory: Tensor, rows: int) -> None:
        self._memory, self._rows = memory, rows
        self._weights: list[Tensor] = []
        self._grads: list[Tensor] = []

    def __call__(self, weights: Tensor) -> Tensor:
        """A step forward: weights (b, S) to sums (b, D)."""
        if self._rows:
            self._weights.append(weights)
        return torch.bmm(weights.unsqueeze(1), self._memory[: len(weights)]).squeeze(1)

    def back(self, grad: Tensor) -> Tensor:
        """A step back: the gradient of the sums to that of the weights."""
        self._grads.append(grad)
        return row_products(grad, self._memory)

    def gradient(self) -> Tensor:
        """That of the memory."""
        rows = len(self._memory)
        return torch.bmm(stacked(self._weights, rows).transpose(1, 2), stacked(self._grads[::-1], rows))


def row_products(vectors: Tensor, memory: Tensor) -> Tensor:
    """Each row of (b, D) times all rows of its own matrix of (B, S, D): (b, S)."""
    # As a row from the left: as a column from the right it takes six times as long on a CPU.
    return torch.bmm(vectors.unsqueeze(1), memory[: len(vectors)].transpose(1, 2)).squeeze(1)


def stacked(steps: Sequence[Tensor], rows: int) -> Tensor:
    """Steps (b, F) with b up to ``rows`` to (rows, T, F), zero where a step has no such row."""
    result = steps[0].new_zeros(rows, len(steps), steps[0].size(1))
    for t, step in enumerate(steps):
        result[: len(step), t] = step
    return result


def with_rows(states: Sequence[Tensor], rows: int) -> tuple[Tensor, ...]:
    """States (..., b, H), each with so many rows: the first of them, or with rows of zeros added."""
    change = rows - states[0].size(-2)
    if change == 0:
        return tuple(states)
    if change < 0:
        return tuple(state[..., :rows, :] for state in states)
    return tuple(nn.functional.pad(state, (0, 0, 0, change)) for state in states)


def tanh(x: Tensor) -> Tensor:
    """tanh, on a CPU as 2 s(2x) - 1, whose logistic function s takes a third of the time."""
    return x.tanh() if x.is_cuda else torch.mul(x, 2).sigmoid_().mul_(2).sub_(1)
