"""Attention of a recurrent decoder over the encoded source: which source positions to look at in this step.

Types as documented: ``mlp`` (Bahdanau et al. 2015, section 3.1; "concat" in Luong et al. 2015, section 3.1), ``dot``
and ``bilinear`` ("dot" and "general" there), and ``fixed``, which always looks at the last source position.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import Function

from .hyperparameters import HyperParameters
from .initialization import Initializer
from .pooled import PooledLinear, PooledMix


class Encoded(NamedTuple):
    """A batch of encoded source sentences; zero where there is no word."""

    keys: Tensor  # (B, S, D): what positions are found by
    values: Tensor  # (B, S, D): what is taken from them
    mask: Tensor  # (B, S): true where there is a word
    last: Tensor  # (B, D): the encoder's last state

    def repeated(self, times: int) -> Encoded:
        """Each sentence so many times in a row, for the hypotheses of a beam."""
        return Encoded(*(part.repeat_interleave(times, dim=0) for part in self))


#: One step: the query (B, H) gives the context (B, D) and the weights (B, S). A query with fewer rows is that of
#: the first sentences; the others have ended.
Attend = Callable[[Tensor], tuple[Tensor, Tensor]]
#: One step's scores (B, S) of a query (B, H).
Score = Callable[[Tensor], Tensor]


class Attention(nn.Module):
    """What the types have in common: softmax over the words' scores, and the values' sum weighted by it."""

    def begin(self, encoded: Encoded) -> Attend:
        """The attention over these sentences, with all done that does not depend on the query."""
        score, mix = self.scorer(encoded), PooledMix(encoded.values)
        padding = None if bool(encoded.mask.all()) else ~encoded.mask

        def attend(query: Tensor) -> tuple[Tensor, Tensor]:
            scores = score(query)
            weights = (scores if padding is None else scores.masked_fill(padding[: len(query)], -torch.inf)).softmax(
                dim=1
            )
            return mix(weights), weights

        return attend

    def scorer(self, encoded: Encoded) -> Score:
        """The scores of these sentences' positions as a function of the query."""
        raise NotImplementedError


class MlpAttention(Attention):
    """score = v . tanh(W_k key + W_q query)."""

    def __init__(self, key_size: int, query_size: int, size: int, init: Initializer) -> None:
        super().__init__()
        self.key = init.weight(key_size, size)
        self.query = init.weight(query_size, size)
        self.score = nn.Parameter(init.values(size, 1, (size,)))

    def scorer(self, encoded: Encoded) -> Score:
        """See the class."""
        scores, product = _AdditiveScores(encoded.keys @ self.key, self.score), PooledLinear(self.query)
        nothing = torch.zeros_like(self.score)
        return lambda query: scores(product(query, nothing))


class DotAttention(Attention):
    """score = key . query, projected to ``size`` where theirs differs from it."""

    def __init__(self, key_size: int, query_size: int, size: int, init: Initializer) -> None:
        super().__init__()
        self.key = init.weight(key_size, size) if key_size != size else None
        self.query = init.weight(query_size, size) if query_size != size else None

    def scorer(self, encoded: Encoded) -> Score:
        """See the class."""
        keys = encoded.keys if self.key is None else encoded.keys @ self.key  # (B, S, A)
        query_weight = self.query

        def score(query: Tensor) -> Tensor:
            projected = query if query_weight is None else query @ query_weight
            return torch.bmm(keys[: len(query)], projected.unsqueeze(2)).squeeze(2)  # (B, S, A) x (B, A, 1) to (B, S)

        return score


class BilinearAttention(Attention):
    """score = key . (W query)."""

    def __init__(self, key_size: int, query_size: int, init: Initializer) -> None:
        super().__init__()
        self.query = init.weight(query_size, key_size)

    def scorer(self, encoded: Encoded) -> Score:
        """See the class."""
        keys = encoded.keys
        return lambda query: torch.bmm(keys[: len(query)], (query @ self.query).unsqueeze(2)).squeeze(2)  # (B, S)


class FixedAttention(Attention):
    """The encoder's last state as the context of every step."""

    def begin(self, encoded: Encoded) -> Attend:
        """See the class; the weights are 1 at the last word."""
        lengths = encoded.mask.sum(dim=1, keepdim=True)
        weights = torch.zeros_like(encoded.mask, dtype=encoded.last.dtype).scatter_(1, lengths - 1, 1.0)
        return lambda query: (encoded.last[: len(query)], weights[: len(query)])


def make_attention(settings: HyperParameters, key_size: int, init: Initializer) -> Attention:
    """The attention that a job's hyperparameters describe, over keys of this size."""
    query_size, size = settings.rnn_num_hidden, settings.attention_size
    match settings.rnn_attention_type:
        case "mlp":
            return MlpAttention(key_size, query_size, size, init)
        case "dot":
            return DotAttention(key_size, query_size, size, init)
        case "bilinear":
            return BilinearAttention(key_size, query_size, init)
        case _:
            return FixedAttention()


class _AdditiveScores:
    """v . tanh(key + query) up to a constant, for all steps of one sequence.

    tanh(x) = 2 s(2x) - 1 with the logistic function s, which computes several times faster; softmax does not see the
    constant -sum(v). The keys' gradient is summed over the steps in place.
    """

    def __init__(self, keys: Tensor, v: Tensor) -> None:
        self._sum: list[Tensor] = []
        self._v = 2 * v
        self._keys = _KeysRoot.apply(2 * keys, self._v.detach(), self._sum)

    def __call__(self, query: Tensor) -> Tensor:
        result: Tensor = _AdditiveStep.apply(2 * query, self._keys, self._v, self._sum)
        return result


class _KeysRoot(Function):
    @staticmethod
    def forward(ctx: Any, keys: Tensor, v: Tensor, total: list[Tensor]) -> Tensor:
        ctx.total, ctx.v = total, v
        ctx.set_materialize_grads(False)
        return keys.view_as(keys)

    @staticmethod
    def backward(ctx: Any, *_: Any) -> tuple[Tensor | None, None, None]:
        return (ctx.total.pop().mul_(ctx.v) if ctx.total else None), None, None


class _AdditiveStep(Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, keys: Tensor, v: Tensor, total: list[Tensor]) -> Tensor:
        active = torch.add(keys[: len(query)], query.unsqueeze(1)).sigmoid_()  # (B, S, A)
        ctx.save_for_backward(active, v)
        ctx.total, ctx.shape = total, keys.shape
        return active @ v

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor, None]:
        (grad,) = grads  # (B, S)
        active, v = ctx.saved_tensors
        v_grad = active.flatten(0, 1).t() @ grad.flatten()
        slope = torch.addcmul(active, active, active, value=-1)  # s * (1 - s)
        if not ctx.total:
            ctx.total.append(slope.new_zeros(ctx.shape))
        ctx.total[0][: len(slope)].addcmul_(slope, grad.unsqueeze(2))
        query_grad = torch.bmm(grad.unsqueeze(1), slope).squeeze(1) * v  # (B, 1, S) x (B, S, A) to (B, A)
        return query_grad, None, v_grad, None
