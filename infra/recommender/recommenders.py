"""What a trained recommender can do."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from .interactions import Interactions, Ints


class Recommender(Protocol):
    """A trained model."""

    def recommend(self, history: Interactions, users: Ints, k: int) -> Ints:
        """The best items for each user.

        Args:
            history: the events that the model gets to know; it has each of the users.
            users: (users,) whom to recommend to.
            k: how many items.

        Returns:
            (users, min(k, items)) items, the best first; -1 where there is none to recommend.
        """
        ...

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        ...
