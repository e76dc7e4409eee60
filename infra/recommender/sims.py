"""SIMS: item-to-item similarity by co-occurrence in users' histories.

The score of item j beside item i is that of Karypis (2001), "Evaluation of Item-Based Top-N Recommendation
Algorithms", section 4.1.2, a conditional probability with the popularity of j discounted:

    users with both / (users with i * users with j ** popularity_discount_factor)

What SIMS itself computes is not published. The guide's two hyperparameters are these: the discount factor balances
popularity against correlation, and pairs with too few common users do not count.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy import sparse

from .interactions import Interactions, Ints
from .popularity import PopularityCount

MAX_SIMILAR = 100
"""Similar items kept for each item."""


class Sims:
    """Similar items by co-occurrence; Popularity-Count where an item has too few.

    Args:
        train: the events of whole histories.
        popularity_discount_factor: 0 leaves popularity in, 1 takes it out.
        min_cointeraction_count: users who must have met both items of a pair.
    """

    def __init__(self, train: Interactions, *, popularity_discount_factor: float, min_cointeraction_count: int) -> None:
        self._popular = PopularityCount(train)
        items = len(train.item_ids)
        met = sparse.csr_matrix(
            (np.ones(len(train)), (train.users, train.items)), shape=(len(train.user_ids), items)
        ).sign()  # (users, items), once however often they met
        together = (met.T @ met).tocsr()  # (items, items)
        together.setdiag(0)
        together.data[together.data < max(1, min_cointeraction_count)] = 0
        together.eliminate_zeros()
        popularity = np.maximum(1.0, np.asarray(met.sum(axis=0)).ravel())
        scores = (together @ sparse.diags(popularity**-popularity_discount_factor)).tocsr()
        self.similar = _best(scores, MAX_SIMILAR)  # (items, 100), -1 where there are no more

    def recommend(self, history: Interactions, users: Ints, k: int) -> Ints:
        """Items similar to the user's latest one; see `Recommender`."""
        latest = history.items[history.bounds[users + 1] - 1]
        return np.stack([self._filled(self.similar[item], k) for item in latest])

    def _filled(self, similar: Ints, k: int) -> Ints:
        """Popular items fill up what similarity leaves open, as the guide says of items with too little data."""
        chosen = similar[similar >= 0][:k]
        if len(chosen) < k:
            others = self._popular.ranking[~np.isin(self._popular.ranking, chosen)]
            chosen = np.concatenate([chosen, others[: k - len(chosen)]])
        return chosen

    def save(self, folder: Path) -> None:
        """Write the similar items as `similar.npy` and the counts."""
        np.save(folder / "similar.npy", self.similar)
        self._popular.save(folder)


def _best(scores: sparse.csr_matrix, k: int) -> Ints:
    """(rows, k) columns of each row's highest scores, the highest first; -1 where a row has fewer."""
    best = np.full((scores.shape[0], k), -1, dtype=np.int64)
    for row in range(scores.shape[0]):
        start, end = scores.indptr[row], scores.indptr[row + 1]
        order = np.argsort(-scores.data[start:end], kind="stable")[:k]
        best[row, : len(order)] = scores.indices[start:end][order]
    return best
