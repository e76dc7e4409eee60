"""User-parallel mini-batches: Quadrana et al. (2017), section 3.3 and figure 2.

Each lane of a mini-batch reads one user's events in the order of time; when they are over, the next user moves in.
Windows of `bptt` steps follow each other with the states carried over, so gradients are cut at the windows' edges and
nowhere else (truncated back-propagation through time, Williams & Peng 1990).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from .interactions import Interactions, Ints
from .sessions import session_starts


@dataclass(frozen=True)
class Window:
    """(steps, lanes) events and what follows them."""

    items: Tensor
    targets: Tensor
    """The user's next item."""
    weights: Tensor
    """How much the target counts; 0 where there is none."""
    user_starts: Tensor
    session_ends: Tensor


class Lanes:
    """The events of all users laid out in lanes of nearly the same length.

    Args:
        events: what to read; users without a second event have nothing to predict and are left out.
        weights: (events,) how much predicting each event counts.
        lanes: how many users are read at the same time.
    """

    def __init__(self, events: Interactions, weights: npt.NDArray[np.float64], lanes: int) -> None:
        bounds = events.bounds
        self._users = np.flatnonzero(np.diff(bounds) >= 2)
        self._bounds = bounds
        self.lanes = max(1, min(lanes, len(self._users)))
        starts = session_starts(events)
        last = np.append(starts[1:], True)  # the next event begins another session
        user_starts = np.zeros(len(events), dtype=bool)
        user_starts[bounds[:-1][np.diff(bounds) > 0]] = True
        has_next = np.append(~user_starts[1:], False)
        self._columns = {
            "items": events.items,
            "targets": np.append(events.items[1:], 0),
            "weights": np.where(has_next, np.append(weights[1:], 0.0), 0.0).astype(np.float32),
            "user_starts": user_starts,
            "session_ends": last,
        }

    def windows(self, bptt: int, rng: np.random.Generator) -> Iterator[Window]:
        """One epoch: all users once, in a new order."""
        order = self._layout(rng)  # (steps, lanes), -1 is padding
        padding = torch.from_numpy(order < 0)
        columns = {name: torch.from_numpy(column[order]) for name, column in self._columns.items()}
        columns["weights"] = columns["weights"].masked_fill(padding, 0.0)
        for start in range(0, len(order), bptt):
            yield Window(**{name: column[start : start + bptt] for name, column in columns.items()})

    def _layout(self, rng: np.random.Generator) -> Ints:
        """Each user goes to the shortest lane, so that lanes end together."""
        lanes: list[list[Ints]] = [[] for _ in range(self.lanes)]
        filled = np.zeros(self.lanes, dtype=np.int64)
        for user in rng.permutation(self._users):
            shortest = int(filled.argmin())
            events = np.arange(self._bounds[user], self._bounds[user + 1])
            lanes[shortest].append(events)
            filled[shortest] += len(events)
        order = np.full((int(filled.max()), self.lanes), -1, dtype=np.int64)
        for lane, users in enumerate(lanes):
            joined = np.concatenate(users)
            order[: len(joined), lane] = joined
        return order
