"""Cross-entropy over the target vocabulary, a slice of positions at a time.

The full matrix of scores never exists: of each slice the loss and the gradients are taken while its scores are still
in the cache, and the slice is overwritten by the next. Memory and time are what large vocabularies cost most of.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import Function

from .model import Features, Seq2Seq
from .precision import full, product_type

#: Scores of one slice: 4 MiB.
_SLICE_SCORES = 1 << 20


class Loss(NamedTuple):
    """Sums over the target tokens of a batch."""

    total: Tensor  # cross-entropy in nats
    correct: Tensor  # tokens that were the most probable ones
    tokens: int

    @property
    def mean(self) -> Tensor:
        """Cross-entropy a token, for the gradient."""
        return self.total / self.tokens


def cross_entropy(model: Seq2Seq, features: Features) -> Loss:
    """The loss of a model's features; its products are as precise as asked for where it is called."""
    training, hidden = torch.is_grad_enabled(), features.hidden
    operands = product_type(hidden)
    with full(hidden):
        total, correct = _CrossEntropy.apply(
            training, operands, hidden, model.output_weight, model.output_bias, features.targets
        )
    return Loss(total, correct, len(features.targets))


class _CrossEntropy(Function):
    @staticmethod
    def forward(
        ctx: Any,
        training: bool,
        operands: torch.dtype,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor,
        targets: Tensor,
    ) -> tuple[Tensor, Tensor]:
        grads = [torch.empty_like(hidden), torch.zeros_like(weight), torch.zeros_like(bias)] if training else []
        hidden_operand, weight_operand = hidden.to(operands), weight.to(operands)
        total, correct = hidden.new_zeros((), dtype=torch.float64), hidden.new_zeros(())
        size = max(1, _SLICE_SCORES // len(weight))
        for start in range(0, len(hidden), size):
            part, wanted = hidden_operand[start : start + size], targets[start : start + size].unsqueeze(1)
            scores = _plus_product(bias, part, weight_operand.t())  # (n, V)
            best = scores.argmax(dim=1, keepdim=True)
            best_score, wanted_score = scores.gather(1, best), scores.gather(1, wanted)
            probabilities = torch.softmax(scores, dim=1)
            # log sum exp, from the most probable word, whose probability cannot underflow
            total += (best_score - probabilities.gather(1, best).log() - wanted_score).sum()
            correct += (best == wanted).sum()
            if training:
                delta = probabilities.scatter_add_(1, wanted, torch.full_like(wanted_score, -1.0))
                delta_operand = delta.to(operands)
                _set_product(grads[0][start : start + size], delta_operand, weight_operand)
                _add_product(grads[1], delta_operand.t(), part)
                grads[2].add_(delta.sum(dim=0))
        ctx.save_for_backward(*grads)
        ctx.mark_non_differentiable(correct)
        return total.to(hidden.dtype), correct

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, None, Tensor, Tensor, Tensor, None]:
        scale = grads[0]
        hidden, weight, bias = ctx.saved_tensors
        return None, None, hidden * scale, weight * scale, bias * scale, None


# Products whose operands may be of a narrower type than what they are added to or put into; where they are not, it is
# one operation.


def _plus_product(addend: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return torch.addmm(addend, a, b) if a.dtype == addend.dtype else addend + a @ b


def _set_product(result: Tensor, a: Tensor, b: Tensor) -> None:
    if a.dtype == result.dtype:
        torch.mm(a, b, out=result)
    else:
        result.copy_(a @ b)


def _add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    if a.dtype == total.dtype:
        total.addmm_(a, b)
    else:
        total.add_(a @ b)
