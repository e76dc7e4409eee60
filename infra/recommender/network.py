"""The hierarchical recurrent network of Quadrana et al. (2017), "Personalizing Session-based Recommendations with
Hierarchical Recurrent Neural Networks", RecSys (arXiv:1706.04148), in its variant HRNN Init (section 3.2).

A session-level GRU reads the items of a session. When the session is over, a user-level GRU reads its last state, and
the new user state gives the next session its initial state. So a session begins with what is known about the user.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class HierarchicalNetwork(nn.Module):
    """Scores of all items after each event.

    The same matrix embeds the items that go in and scores those that come out, as Hidasi & Karatzoglou (2018),
    "Recurrent Neural Networks with Top-k Gains", section 3.3, found best.

    Args:
        items: size of the catalogue.
        hidden_dimension: size of the embeddings and of both states.
        dropout: share of embedding entries that are left out in training.
    """

    def __init__(self, items: int, hidden_dimension: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.hidden_dimension = hidden_dimension
        self.embedding = nn.Embedding(items, hidden_dimension)
        self.bias = nn.Parameter(torch.zeros(items))
        self.session_gru = nn.GRUCell(hidden_dimension, hidden_dimension)
        self.user_gru = nn.GRUCell(hidden_dimension, hidden_dimension)
        self.initial = nn.Linear(hidden_dimension, hidden_dimension)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.embedding.weight, std=hidden_dimension**-0.5)

    def start(self, lanes: int) -> tuple[Tensor, Tensor]:
        """(lanes, hidden) session and user states of users about whom nothing is known."""
        zeros = torch.zeros(lanes, self.hidden_dimension)
        return zeros, zeros

    def forward(
        self, items: Tensor, user_starts: Tensor, session_ends: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read a window of events in each lane.

        Args:
            items: (steps, lanes) items.
            user_starts: (steps, lanes) whether the event is its user's first.
            session_ends: (steps, lanes) whether the event is its session's last.
            state: (lanes, hidden) session and user states before the window.

        Returns:
            (steps, lanes, hidden) the session states that the next item is scored with, and both states at the end.
        """
        session, user = state
        embedded = self.dropout(self.embedding(items))  # (steps, lanes, hidden)
        fresh, over = user_starts.unsqueeze(-1), session_ends.unsqueeze(-1)  # (steps, lanes, 1)
        states = []
        for step in range(items.shape[0]):
            session = session.masked_fill(fresh[step], 0.0)
            user = user.masked_fill(fresh[step], 0.0)
            session = self.session_gru(embedded[step], session)  # section 3.1, equation 2
            if bool(session_ends[step].any()):
                next_session, next_user = self.end_session(session, user)
                session = torch.where(over[step], next_session, session)
                user = torch.where(over[step], next_user, user)
            states.append(session)
        return torch.stack(states), (session, user)

    def end_session(self, session: Tensor, user: Tensor) -> tuple[Tensor, Tensor]:
        """(lanes, hidden) initial state of the next session and new user state: section 3.2, equations 3 and 4."""
        user = self.user_gru(session, user)
        return torch.tanh(self.initial(user)), user

    def scores(self, states: Tensor) -> Tensor:
        """(..., items) scores of all items: states (..., hidden) by the item matrix."""
        return states @ self.embedding.weight.T + self.bias
