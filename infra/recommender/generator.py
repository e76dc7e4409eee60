"""Generated interactions with the structure that a session recommender is for, from a seed.

It is generated data and says nothing about any real shop. What it imitates: items in categories with Zipf popularity
(a few items get most of the clicks); users with a few favourite categories that drift; sessions with one intent, in
which one item leads to a next one; categories whose popularity rises and falls over the months. A model that knows
popularity alone can find the first of these, one that reads histories the others.

    python -m infra.recommender generate --events 100000 --seed 7 interactions.csv
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

START = 1_700_000_000
DAY = 86_400


@dataclass(frozen=True)
class Settings:
    """What is generated.

    Attributes:
        events: interactions in all, at least.
        users: how many.
        items: how many, dealt to the categories.
        categories: how many.
        zipf: exponent of the items' popularity by rank.
        follow: probability that an event follows from the one before it, within a session.
        stray: probability that it is any item of the catalogue.
        drift: share of a user's taste that is new at each session.
        days: length of the period.
        seed: of all randomness.
    """

    events: int = 100_000
    users: int = 2_000
    items: int = 1_000
    categories: int = 25
    zipf: float = 0.9
    follow: float = 0.45
    stray: float = 0.1
    drift: float = 0.08
    days: int = 180
    seed: int = 7


@dataclass(frozen=True)
class Event:
    """One interaction."""

    user: str
    item: str
    timestamp: int
    event_type: str


class _World:
    """Items, their categories, popularity and successors, and how the categories' fashions go."""

    def __init__(self, settings: Settings, rng: np.random.Generator) -> None:
        self._settings = settings
        self._rng = rng
        self.category = rng.integers(settings.categories, size=settings.items)
        self.category[: settings.categories] = np.arange(settings.categories)  # none is empty
        popularity = 1.0 / np.arange(1, settings.items + 1) ** settings.zipf
        self._popularity = popularity[rng.permutation(settings.items)]
        self._all = np.cumsum(self._popularity) / self._popularity.sum()
        self._members = [np.flatnonzero(self.category == c) for c in range(settings.categories)]
        self._cumulative = [np.cumsum(self._popularity[m]) / self._popularity[m].sum() for m in self._members]
        self.successors = np.stack([self._of_category(int(c), 3) for c in self.category])  # (items, 3)
        self._phase = rng.uniform(0, 2 * np.pi, settings.categories)

    def fashion(self, day: float) -> Floats:
        """(categories,) how much each category is asked for on a day."""
        return np.exp(0.8 * np.sin(2 * np.pi * day / self._settings.days + self._phase))

    def _of_category(self, category: int, count: int) -> npt.NDArray[np.int64]:
        at = np.searchsorted(self._cumulative[category], self._rng.random(count))
        chosen: npt.NDArray[np.int64] = self._members[category][at]
        return chosen

    def next_item(self, category: int, before: int | None) -> int:
        """The item of an event: a successor of the one before, a stray one, or one of the session's category."""
        draw = self._rng.random()
        if before is not None and draw < self._settings.follow:
            rank = min(int(self._rng.geometric(0.6)) - 1, self.successors.shape[1] - 1)
            return int(self.successors[before, rank])
        if draw > 1 - self._settings.stray:
            return int(np.searchsorted(self._all, self._rng.random()))
        return int(self._of_category(category, 1)[0])


def generate(settings: Settings) -> list[Event]:
    """The events, in the order of time. The same settings give the same events."""
    rng = np.random.default_rng(settings.seed)
    world = _World(settings, rng)
    activity = rng.gamma(2.0, 1.0, settings.users) + 0.2
    targets = np.ceil(activity / activity.sum() * settings.events).astype(int).clip(2)
    events = [
        event for user, target in enumerate(targets) for event in _history(user, int(target), settings, world, rng)
    ]
    return sorted(events, key=lambda event: event.timestamp)


def _history(user: int, target: int, settings: Settings, world: _World, rng: np.random.Generator) -> list[Event]:
    taste = rng.dirichlet(np.full(settings.categories, 0.08))
    lengths: list[int] = []
    while sum(lengths) < target:
        lengths.append(min(1 + int(rng.geometric(0.18)), target - sum(lengths)))
    starts = np.sort(rng.uniform(0, settings.days, len(lengths)))
    events: list[Event] = []
    for start, length in zip(starts, lengths, strict=True):
        taste = (1 - settings.drift) * taste + settings.drift * rng.dirichlet(np.full(settings.categories, 0.08))
        wanted = taste * world.fashion(float(start))
        category = int(rng.choice(settings.categories, p=wanted / wanted.sum()))
        events += _session(user, float(start), length, category, world, rng)
    return events


def _session(
    user: int, start: float, length: int, category: int, world: _World, rng: np.random.Generator
) -> list[Event]:
    time, item = START + int(start * DAY), None
    events = []
    for _ in range(length):
        item = world.next_item(category, item)
        kind = "purchase" if rng.random() < 0.1 else "view"
        events.append(Event(f"user-{user:05d}", f"item-{item:05d}", time, kind))
        time += int(rng.integers(10, 300))
    return events


def write_csv(events: list[Event], path: Path) -> None:
    """An interactions file with the columns USER_ID, ITEM_ID, TIMESTAMP and EVENT_TYPE."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"])
        writer.writerows([e.user, e.item, e.timestamp, e.event_type] for e in events)
