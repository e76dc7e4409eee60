"""HRNN: a trained hierarchical network as a recommender."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from .interactions import Interactions, Ints
from .network import HierarchicalNetwork
from .sessions import session_starts

_USERS_AT_ONCE = 256


class Hrnn:
    """Recommends by the network's scores after a user's last event.

    Whether the next event still belongs to that session is not known, so both cases are mixed:
    p(item) = c p(item | session goes on) + (1 - c) p(item | new session), c being how often sessions go on in training.

    Args:
        network: the trained network.
        continues: the share c of events after which the session goes on.
    """

    def __init__(self, network: HierarchicalNetwork, continues: float) -> None:
        self.network = network
        self.continues = continues

    def recommend(self, history: Interactions, users: Ints, k: int) -> Ints:
        """The items with the highest probability; see `Recommender`."""
        self.network.eval()
        depth = min(k, len(history.item_ids))
        best = []
        with torch.inference_mode():
            for start in range(0, len(users), _USERS_AT_ONCE):
                probabilities = self._probabilities(history, users[start : start + _USERS_AT_ONCE])
                best.append(probabilities.topk(depth).indices.numpy().astype(np.int64))
        return np.concatenate(best)

    def _probabilities(self, history: Interactions, users: Ints) -> Tensor:
        """(users, items) of the next item. Histories end together; padding before them is wiped by the user start."""
        bounds = history.bounds
        lengths = bounds[users + 1] - bounds[users]
        steps = int(lengths.max())
        at = bounds[users + 1][None, :] - np.arange(steps, 0, -1)[:, None]  # (steps, users) events
        inside = at >= bounds[users][None, :]
        at = np.where(inside, at, 0)
        ends = np.append(session_starts(history)[1:], True)[at] & inside
        ends[-1] = False  # nobody knows yet whether the last session is over
        starts = np.arange(steps)[:, None] == (steps - lengths)[None, :]
        network = self.network
        _, (session, user) = network(
            torch.from_numpy(history.items[at]),
            torch.from_numpy(starts),
            torch.from_numpy(ends),
            network.start(len(users)),
        )
        next_session, _ = network.end_session(session, user)
        going_on = torch.softmax(network.scores(session), dim=-1)
        new = torch.softmax(network.scores(next_session), dim=-1)
        return self.continues * going_on + (1 - self.continues) * new

    def save(self, folder: Path) -> None:
        """Write the parameters as `model.safetensors` and what else is needed to load them as `model.json`."""
        save_file(
            {name: value.contiguous() for name, value in self.network.state_dict().items()},
            folder / "model.safetensors",
        )
        sizes = {
            "items": self.network.embedding.num_embeddings,
            "hidden_dimension": self.network.hidden_dimension,
            "continues": self.continues,
        }
        (folder / "model.json").write_text(json.dumps(sizes, indent=2) + "\n")
