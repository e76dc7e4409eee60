"""Offline metrics by the definitions of the developer guide, "Evaluating a solution version with metrics".

Each takes (users, 25) recommended items, the best first, and the items that each user really met in the held-out
events.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .interactions import Ints

DEPTH = 25
"""The deepest rank that any metric looks at."""

CUTOFFS = (5, 10, 25)

Hits = npt.NDArray[np.bool_]


def offline_metrics(recommended: Ints, relevant: Sequence[Ints], *, items: int) -> dict[str, float]:
    """All metrics by their names in GetSolutionMetrics.

    Args:
        recommended: (users, up to 25) items without repeats; fewer columns where the catalogue is smaller. An entry
            of -1 is no recommendation.
        relevant: the distinct relevant items of each user, at least one.
        items: size of the catalogue.
    """
    hits = hit_matrix(recommended, relevant)
    counts = np.array([len(r) for r in relevant])
    return {
        "coverage": coverage(recommended, items),
        "mean_reciprocal_rank_at_25": mean_reciprocal_rank(hits),
        **{f"normalized_discounted_cumulative_gain_at_{k}": ndcg(hits, counts, k) for k in CUTOFFS},
        **{f"precision_at_{k}": precision(hits, k) for k in CUTOFFS},
    }


def hit_matrix(recommended: Ints, relevant: Sequence[Ints]) -> Hits:
    """(users, ranks) whether the recommended item is relevant."""
    return np.stack([np.isin(row, items) for row, items in zip(recommended, relevant, strict=True)])


def coverage(recommended: Ints, items: int) -> float:
    """Share of the catalogue that is recommended to anyone."""
    return float(len(np.unique(recommended[recommended >= 0])) / items)


def mean_reciprocal_rank(hits: Hits) -> float:
    """Mean of 1 / rank of the first relevant item; 0 where none is among the 25."""
    first = hits[:, :DEPTH].argmax(axis=1)
    found = hits[:, :DEPTH].any(axis=1)
    return float(np.mean(np.where(found, 1.0 / (first + 1), 0.0)))


def ndcg(hits: Hits, relevant: npt.NDArray[np.int64], k: int) -> float:
    """Mean over users of discounted gain by that of a perfect list; the discount of rank r is 1 / log(1 + r)."""
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    gain = hits[:, :k] @ discount[: hits.shape[1]]
    ideal = np.cumsum(discount)[np.minimum(relevant, k) - 1]
    return float(np.mean(gain / ideal))


def precision(hits: Hits, k: int) -> float:
    """Mean over users of the relevant ones among the first k, divided by k."""
    return float(np.mean(hits[:, :k].sum(axis=1) / k))
