"""Attention of a recurrent decoder over the encoded source: which source positions to look at in this step.

Types as documented: ``mlp`` (Bahdanau et al. 2015, section 3.1; "concat" in Luong et al. 2015, section 3.1), ``dot``
and ``bilinear`` ("dot" and "general" there), and ``fixed``, which always looks at the last source position. Here are
their parameters; ``attention_steps`` computes with them.
"""

from __future__ import annotations

from torch import nn

from .attention_steps import AdditiveScores, AttentionSteps, DotScores, FixedSteps, ScoreSteps, SoftmaxSteps
from .encoded import Encoded
from .hyperparameters import HyperParameters
from .initialization import Initializer


class Attention(nn.Module):
    """What most types have in common: softmax over the words' scores, and the values' sum weighted by it."""

    def begin(self, encoded: Encoded, rows: int) -> AttentionSteps:
        """The attention over these sentences, all done that no query decides; ``rows`` as in ``stepwise``."""
        return SoftmaxSteps(self.scores(encoded, rows), encoded, rows)

    def scores(self, encoded: Encoded, rows: int) -> ScoreSteps:
        """The scores of these sentences' positions."""
        raise NotImplementedError


class MlpAttention(Attention):
    """score = v . tanh(W_k key + W_q query)."""

    def __init__(self, key_size: int, query_size: int, size: int, init: Initializer) -> None:
        super().__init__()
        self.key = init.weight(key_size, size)
        self.query = init.weight(query_size, size)
        self.score = nn.Parameter(init.values(size, 1, (size,)))

    def scores(self, encoded: Encoded, rows: int) -> ScoreSteps:
        """See the class."""
        keys = (encoded.keys @ self.key).to(encoded.keys.dtype)  # (B, S, A); a large product may be less precise
        return AdditiveScores(keys, self.query, self.score, rows)


class DotAttention(Attention):
    """score = key . query, projected to ``size`` where theirs differs from it."""

    def __init__(self, key_size: int, query_size: int, size: int, init: Initializer) -> None:
        super().__init__()
        self.key = init.weight(key_size, size) if key_size != size else None
        self.query = init.weight(query_size, size) if query_size != size else None

    def scores(self, encoded: Encoded, rows: int) -> ScoreSteps:
        """See the class."""
        keys = encoded.keys if self.key is None else (encoded.keys @ self.key).to(encoded.keys.dtype)  # (B, S, A)
        return DotScores(keys, self.query, rows)


class BilinearAttention(Attention):
    """score = key . (W query)."""

    def __init__(self, key_size: int, query_size: int, init: Initializer) -> None:
        super().__init__()
        self.query = init.weight(query_size, key_size)

    def scores(self, encoded: Encoded, rows: int) -> ScoreSteps:
        """See the class."""
        return DotScores(encoded.keys, self.query, rows)


class FixedAttention(Attention):
    """The encoder's last state as the context of every step."""

    def begin(self, encoded: Encoded, rows: int) -> AttentionSteps:
        """See the class; the weights are 1 at the last word."""
        return FixedSteps(encoded)


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
