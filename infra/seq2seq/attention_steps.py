"""The steps of attention on one batch: scores, their softmax and the context, forward and back.

A step back gets the gradient of a result and gives that of the query; what is left, the gradients of the source and of
the parameters, is taken for all steps together at the end (see ``stepwise``).
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from .encoded import Encoded
from .stepwise import StepMix, StepProduct, row_products, stacked


class AttentionSteps(Protocol):
    """Attention over some sentences: forward step by step, then back in the opposite order (see ``stepwise``).

    A query with fewer rows than there are sentences is that of the first ones; the others have ended.
    """

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """What :meth:`gradients` gives gradients to."""
        ...

    def __call__(self, query: Tensor) -> tuple[Tensor, Tensor]:
        """The query (b, H) to the context (b, D) and the weights (b, S)."""
        ...

    def back(self, grad: Tensor) -> Tensor | None:
        """The gradient of a step's context to that of its query; None: the query does not matter."""
        ...

    def gradients(self) -> tuple[Tensor, ...]:
        """Those of the tensors."""
        ...


class ScoreSteps(Protocol):
    """The scores alone, forward and back."""

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """What :meth:`gradients` gives gradients to."""
        ...

    def __call__(self, query: Tensor) -> Tensor:
        """The query (b, H) to the scores (b, S)."""
        ...

    def back(self, grad: Tensor) -> Tensor:
        """The gradient of a step's scores to that of its query."""
        ...

    def gradients(self) -> tuple[Tensor, ...]:
        """Those of the tensors."""
        ...


class SoftmaxSteps:
    """context = sum over s of w_s value_s, with w = softmax(scores), padding left out.

    Back: with g the gradient of w, that of the scores is w (g - sum over s of w_s g_s).
    """

    def __init__(self, scores: ScoreSteps, encoded: Encoded, rows: int) -> None:
        self._scores, self._mix, self._rows = scores, StepMix(encoded.values, rows), rows
        self._padding = None if bool(encoded.mask.all()) else ~encoded.mask
        self._weights: list[Tensor] = []
        self.tensors = (encoded.values, *scores.tensors)

    def __call__(self, query: Tensor) -> tuple[Tensor, Tensor]:
        """See ``AttentionSteps``."""
        scores = self._scores(query)
        if self._padding is not None:
            scores.masked_fill_(self._padding[: len(query)], -torch.inf)
        weights = scores.softmax(dim=1)
        if self._rows:
            self._weights.append(weights)
        return self._mix(weights), weights

    def back(self, grad: Tensor) -> Tensor:
        """See ``AttentionSteps``."""
        weights = self._weights.pop()
        grad_weights = self._mix.back(grad).mul_(weights)
        return self._scores.back(grad_weights.addcmul_(weights, grad_weights.sum(dim=1, keepdim=True), value=-1))

    def gradients(self) -> tuple[Tensor, ...]:
        """See ``AttentionSteps``."""
        return self._mix.gradient(), *self._scores.gradients()


class AdditiveScores:
    """v . tanh(key + W query) up to a constant.

    tanh(x) = 2 s(2x) - 1 with the logistic function s(x) = 1 / (1 + exp(-x)), and softmax does not see the constant
    -sum(v). As exp(-2 (key + query)) is a product of two, nothing but products and quotients remains for each pair of a
    query and a key; that is so little that the way back computes it again instead of reading it from memory.
    """

    def __init__(self, keys: Tensor, query: Tensor, v: Tensor, rows: int) -> None:
        self.tensors = (keys, query, v)
        self._keys, self._rows = _exp(keys.detach()), rows  # (B, S, A)
        self._query, self._none = StepProduct(query, rows), torch.zeros_like(v)
        self._v = 2 * v.detach()
        self._one = torch.ones_like(self._v)
        self._asked: list[Tensor] = []
        self._active = torch.empty_like(self._keys)
        self._grad_keys = torch.zeros_like(self._keys) if rows else self._keys[:0]
        self._grad_v = torch.zeros_like(self._v)

    def __call__(self, query: Tensor) -> Tensor:
        """See ``ScoreSteps``."""
        asked = _exp(self._query([query], self._none))  # (b, A)
        if self._rows:
            self._asked.append(asked)
        return self._activations(asked) @ self._v

    def _activations(self, asked: Tensor) -> Tensor:
        """s(2 key + 2 query), (b, S, A), in a place that the next call overwrites."""
        active = self._active[: len(asked)]
        return torch.addcmul(self._one, self._keys[: len(asked)], asked.unsqueeze(1), out=active).reciprocal_()

    def back(self, grad: Tensor) -> Tensor:
        """See ``ScoreSteps``."""
        active = self._activations(self._asked.pop())
        self._grad_v.addmv_(active.flatten(0, 1).t(), grad.flatten())
        slope = active.addcmul_(active, active, value=-1)  # s * (1 - s)
        self._grad_keys[: len(grad)].addcmul_(slope, grad.unsqueeze(2))
        grad_asked = torch.bmm(grad.unsqueeze(1), slope).squeeze(1)  # (b, 1, S) x (b, S, A)
        torch.mul(grad_asked, self._v, out=self._query.gradient(len(grad))).mul_(2)
        return self._query.back(len(grad))

    def gradients(self) -> tuple[Tensor, ...]:
        """See ``ScoreSteps``."""
        return self._grad_keys.mul_(self._v).mul_(2), self._query.gradients()[1], self._grad_v.mul_(2)


def _exp(x: Tensor) -> Tensor:
    """exp(-2x), kept where a product of two of them is finite: tanh is 1 to the last bit long before."""
    return (-2 * x).clamp_(-40.0, 40.0).exp_()


class DotScores:
    """key . (W query), or key . query without W.

    Gradients of the keys are the products of each step's score gradients and query, summed up at the end.
    """

    def __init__(self, keys: Tensor, query: Tensor | None, rows: int) -> None:
        self.tensors = (keys,) if query is None else (keys, query)
        self._keys, self._rows = keys, rows
        self._query = None if query is None else StepProduct(query, rows)
        self._none = keys.new_zeros(keys.size(2))
        self._queries: list[Tensor] = []
        self._grads: list[Tensor] = []

    def __call__(self, query: Tensor) -> Tensor:
        """See ``ScoreSteps``."""
        projected = query if self._query is None else self._query([query], self._none)  # (b, A)
        if self._rows:
            self._queries.append(projected)
        return row_products(projected, self._keys)

    def back(self, grad: Tensor) -> Tensor:
        """See ``ScoreSteps``."""
        self._grads.append(grad)
        grad_query = torch.bmm(grad.unsqueeze(1), self._keys[: len(grad)]).squeeze(1)  # (b, 1, S) x (b, S, A)
        if self._query is None:
            return grad_query
        self._query.gradient(len(grad)).copy_(grad_query)
        return self._query.back(len(grad))

    def gradients(self) -> tuple[Tensor, ...]:
        """See ``ScoreSteps``."""
        rows = len(self._keys)
        grad_keys = torch.bmm(stacked(self._grads[::-1], rows).transpose(1, 2), stacked(self._queries, rows))
        return (grad_keys,) if self._query is None else (grad_keys, self._query.gradients()[1])


class FixedSteps:
    """The same context in every step; its gradient is the sum of all steps'."""

    def __init__(self, encoded: Encoded) -> None:
        self._context = encoded.last
        lengths = encoded.mask.sum(dim=1, keepdim=True)
        self._weights = torch.zeros_like(encoded.mask, dtype=encoded.last.dtype).scatter_(1, lengths - 1, 1.0)
        self._grad = torch.zeros_like(encoded.last)
        self.tensors = (encoded.last,)

    def __call__(self, query: Tensor) -> tuple[Tensor, Tensor]:
        """See ``AttentionSteps``."""
        return self._context[: len(query)], self._weights[: len(query)]

    def back(self, grad: Tensor) -> None:
        """See ``AttentionSteps``."""
        self._grad[: len(grad)] += grad

    def gradients(self) -> tuple[Tensor, ...]:
        """See ``AttentionSteps``."""
        return (self._grad,)
