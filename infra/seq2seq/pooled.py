"""Matrix products in a recurrence whose weight gradients are computed once, over all steps together.

Ordinary back-propagation adds one small product a step to the weight's gradient, and moves the whole gradient through
memory each time. Here each step only notes its operands; when the last of them has, one large product gives the sum.
The result is the same up to rounding; the large product runs at the processor's full speed. A backward pass must
include the weight or memory among its leaves, as training does.

How: the weight passes through an identity (`_Root`) on which every step depends. Autograd runs its backward after that
of all steps; they hand it no gradient but leave their operands in a list that it reads.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import Function

_Operands = list[tuple[Tensor, Tensor]]


class PooledLinear:
    """``addend + x @ weight`` for the steps of one sequence; weight is (in, out)."""

    def __init__(self, weight: Tensor) -> None:
        self._operands: _Operands = []
        self._weight = _LinearRoot.apply(weight, self._operands)

    def __call__(self, x: Tensor, addend: Tensor) -> Tensor:
        """One step: x is (B, in), addend (B, out) or (out,)."""
        result: Tensor = _LinearStep.apply(x, self._weight, addend, self._operands)
        return result


class PooledMix:
    """``weights @ memory`` for the steps of one sequence: weighted sums of the rows of memory, (B, S, D).

    A step may be of the first sentences only.
    """

    def __init__(self, memory: Tensor) -> None:
        self._operands: _Operands = []
        self._memory = _MixRoot.apply(memory, self._operands)

    def __call__(self, weights: Tensor) -> Tensor:
        """One step: weights is (B, S), the result (B, D)."""
        result: Tensor = _MixStep.apply(weights, self._memory, self._operands)
        return result


class _LinearRoot(Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, operands: _Operands) -> Tensor:
        ctx.operands = operands
        ctx.set_materialize_grads(False)
        return weight.view_as(weight)

    @staticmethod
    def backward(ctx: Any, *_: Any) -> tuple[Tensor | None, None]:
        if not ctx.operands:
            return None, None
        inputs, grads = (torch.cat(parts) for parts in zip(*ctx.operands, strict=True))  # (T * B, in), (T * B, out)
        ctx.operands.clear()
        return inputs.t() @ grads, None


class _LinearStep(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, addend: Tensor, operands: _Operands) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.operands, ctx.broadcast = operands, addend.dim() == 1
        return torch.addmm(addend, x, weight)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor, None]:
        (grad,) = grads
        x, weight = ctx.saved_tensors
        ctx.operands.append((x, grad))
        return grad @ weight.t(), None, grad.sum(0) if ctx.broadcast else grad, None


class _MixRoot(Function):
    @staticmethod
    def forward(ctx: Any, memory: Tensor, operands: _Operands) -> Tensor:
        ctx.operands, ctx.rows = operands, len(memory)
        ctx.set_materialize_grads(False)
        return memory.view_as(memory)

    @staticmethod
    def backward(ctx: Any, *_: Any) -> tuple[Tensor | None, None]:
        if not ctx.operands:
            return None, None
        weights, grads = (_stack(parts, ctx.rows) for parts in zip(*ctx.operands, strict=True))  # (B, T, S), (B, T, D)
        ctx.operands.clear()
        return weights.transpose(1, 2) @ grads, None


class _MixStep(Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, memory: Tensor, operands: _Operands) -> Tensor:
        ctx.save_for_backward(weights, memory)
        ctx.operands = operands
        return torch.bmm(weights.unsqueeze(1), memory[: len(weights)]).squeeze(1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (grad,) = grads
        weights, memory = ctx.saved_tensors
        ctx.operands.append((weights, grad))
        return torch.bmm(memory[: len(grad)], grad.unsqueeze(2)).squeeze(2), None, None


def _stack(steps: tuple[Tensor, ...], rows: int) -> Tensor:
    """Steps (b, F) with b up to ``rows`` to (rows, T, F), zero where a step has no such row."""
    stacked = steps[0].new_zeros(rows, len(steps), steps[0].size(1))
    for t, step in enumerate(steps):
        stacked[: len(step), t] = step
    return stacked
