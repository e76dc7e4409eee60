"""Popularity-Count: everybody gets the most popular items. The developer guide's baseline."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .interactions import Interactions, Ints


class PopularityCount:
    """Counts interactions.

    Args:
        train: the events that are counted.
    """

    def __init__(self, train: Interactions) -> None:
        self.counts = np.bincount(train.items, minlength=len(train.item_ids))  # (items,)
        self.ranking: Ints = np.argsort(-self.counts, kind="stable")  # (items,) the most popular first

    def recommend(self, history: Interactions, users: Ints, k: int) -> Ints:
        """The same items for everybody; see `Recommender`."""
        return np.tile(self.ranking[:k], (len(users), 1))

    def save(self, folder: Path) -> None:
        """Write the counts as `counts.npy`."""
        np.save(folder / "counts.npy", self.counts)
