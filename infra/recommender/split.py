"""What is learned from, and what is held out, as the service splits interactions.

Developer guide, "Evaluating a solution version with metrics": the test set is 10% of the users; the model is trained
on the others, gets the oldest 90% of each test user's events as input, and is measured by the newest 10%. Which users
these are is not published: here a permutation by a seed decides. Another 10% of the other users is the validation set
that chooses the epoch and, in hyperparameter optimization, the configuration, so that the test set stays unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .interactions import Interactions, Ints

HELD_OUT_USERS = 0.1
HELD_OUT_EVENTS = 0.1


@dataclass(frozen=True)
class HeldOut:
    """Users whose newest events a model is measured by.

    Attributes:
        users: (users,) their indices, ascending.
        history: the oldest events of each, the model's input; at least one.
        newest: the newest events of each; at least one.
    """

    users: Ints
    history: Interactions
    newest: Interactions

    def relevant(self) -> list[Ints]:
        """The distinct items of each user's newest events, in the order of `users`."""
        bounds = self.newest.bounds
        return [np.unique(self.newest.items[bounds[u] : bounds[u + 1]]) for u in self.users]


@dataclass(frozen=True)
class Split:
    """The three parts; no user is in two of them."""

    train: Interactions
    validation: HeldOut
    test: HeldOut


def split(events: Interactions, *, seed: int) -> Split:
    """Split by users. Users with a single event cannot be measured by and are always learned from."""
    lengths = np.diff(events.bounds)
    measurable = np.flatnonzero(lengths >= 2)
    order = np.random.default_rng(seed).permutation(measurable)
    count = max(1, round(HELD_OUT_USERS * len(measurable)))
    test, rest = order[:count], order[count:]
    validation = rest[: max(1, round(HELD_OUT_USERS * len(rest)))]
    held = np.isin(events.users, np.concatenate([test, validation]))
    return Split(events.take(~held), hold_out(events, np.sort(validation)), hold_out(events, np.sort(test)))


def hold_out(events: Interactions, users: Ints) -> HeldOut:
    """The newest 10% of each user's events, rounded down but at least one, apart from the others."""
    bounds = events.bounds
    lengths = np.diff(bounds)
    held = np.maximum(1, np.floor(HELD_OUT_EVENTS * lengths)).astype(np.int64)
    position = np.arange(len(events)) - bounds[events.users]  # of each event in its user's history
    newest = position >= (lengths - held)[events.users]
    chosen = np.isin(events.users, users)
    return HeldOut(users, events.take(chosen & ~newest), events.take(chosen & newest))


def by_history_length(events: Interactions, low: float, high: float) -> Interactions:
    """Only users whose number of events lies between two percentiles (0 to 1) of all users' numbers."""
    lengths = np.diff(events.bounds)
    present = lengths[lengths > 0]
    bottom, top = np.quantile(present, [low, high], method="inverted_cdf")
    return events.take(_between(lengths, bottom, top)[events.users])


def by_item_count(events: Interactions, low: float, high: float) -> Interactions:
    """Only items whose number of events lies between two percentiles (0 to 1) of all items' numbers."""
    counts = np.bincount(events.items, minlength=len(events.item_ids))
    bottom, top = np.quantile(counts[counts > 0], [low, high], method="inverted_cdf")
    return events.take(_between(counts, bottom, top)[events.items])


def _between(values: Ints, bottom: float, top: float) -> npt.NDArray[np.bool_]:
    chosen: npt.NDArray[np.bool_] = (values >= bottom) & (values <= top)
    return chosen
