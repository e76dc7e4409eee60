"""Training of HRNN: windows of user-parallel mini-batches, Adam, the best epoch by the validation users."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from .batches import Lanes
from .hrnn import Hrnn
from .interactions import Interactions
from .loss import SampledSoftmax
from .metrics import DEPTH, offline_metrics
from .network import HierarchicalNetwork
from .sessions import session_starts
from .split import HeldOut

LANES = 100
LEARNING_RATE = 0.01
DROPOUT = 0.2
GRADIENT_NORM = 1.0
PATIENCE = 2
"""Epochs without a better validation metric after which training ends."""

RECENCY_HALF_LIFE = 0.25
"""Share of the data's time span after which an event counts half, with `recency_mask`."""


class HrnnTraining:
    """Trains one network.

    Args:
        train: events to learn from.
        validation: users by whom the best epoch is chosen.
        hidden_dimension: size of embeddings and states.
        bptt: steps through which gradients flow.
        recency_mask: whether recent events count more.
        epochs: at most.
        seed: of initial parameters, dropout and the order of users.
    """

    def __init__(
        self,
        train: Interactions,
        validation: HeldOut,
        *,
        hidden_dimension: int,
        bptt: int,
        recency_mask: bool,
        epochs: int,
        seed: int,
    ) -> None:
        torch.manual_seed(seed)
        self._rng = np.random.default_rng(seed)
        self._validation = validation
        self._bptt = bptt
        self._epochs = epochs
        self._items = len(train.item_ids)
        weights = recency_weights(train) if recency_mask else np.ones(len(train))
        self._lanes = Lanes(train, weights, LANES)
        counts = torch.from_numpy(np.bincount(train.items, weights=weights, minlength=self._items)).float()
        self._loss = SampledSoftmax(counts, torch.Generator().manual_seed(seed))
        self.network = HierarchicalNetwork(self._items, hidden_dimension, DROPOUT)
        with torch.no_grad():  # without any history the scores are the popularity
            self.network.bias.copy_((counts + 1).log() - (counts + 1).log().mean())
        self._optimizer = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE)
        self.recommender = Hrnn(self.network, float(np.mean(~session_starts(train))))

    def fit(self, report: Callable[[int, float, dict[str, float]], bool]) -> Hrnn:
        """Train until no epoch gets better, and keep the best.

        Args:
            report: called after each epoch (from 1) with the training loss and the validation metrics; training ends
                where it answers False.
        """
        best, since = -1.0, 0
        parameters = copy.deepcopy(self.network.state_dict())
        for epoch in range(1, self._epochs + 1):
            loss = self._epoch()
            metrics = self._evaluate()
            score = metrics["normalized_discounted_cumulative_gain_at_10"]
            since += 1
            if score > best:
                best, since = score, 0
                parameters = copy.deepcopy(self.network.state_dict())
            if not report(epoch, loss, metrics) or since >= PATIENCE:
                break
        self.network.load_state_dict(parameters)
        return self.recommender

    def _epoch(self) -> float:
        """One pass over the data; the mean loss of its windows."""
        self.network.train()
        state = self.network.start(self._lanes.lanes)
        losses = []
        for window in self._lanes.windows(self._bptt, self._rng):
            states, state = self.network(window.items, window.user_starts, window.session_ends, state)
            state = (state[0].detach(), state[1].detach())  # truncation: gradients end at the window's edge
            counted = window.weights > 0
            if not bool(counted.any()):
                continue
            loss = self._loss(self.network, states[counted], window.targets[counted], window.weights[counted])
            self._optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)
            self._optimizer.step()
            losses.append(loss.item())
        return float(np.mean(losses))

    def _evaluate(self) -> dict[str, float]:
        held = self._validation
        recommended = self.recommender.recommend(held.history, held.users, DEPTH)
        return offline_metrics(recommended, held.relevant(), items=self._items)


def recency_weights(events: Interactions) -> npt.NDArray[np.float64]:
    """(events,) weights with mean 1 that halve with every quarter of the time span that an event is older.

    The guide says that `recency_mask` puts more weight on recent events; by how much is not published.
    """
    times = events.timestamps.astype(np.float64)
    span = max(1.0, float(times.max() - times.min()))
    weights = 0.5 ** ((times.max() - times) / span / RECENCY_HALF_LIFE)
    normalised: npt.NDArray[np.float64] = weights / weights.mean()
    return normalised
