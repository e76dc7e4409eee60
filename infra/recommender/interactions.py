"""Interactions: who met which item when, as arrays sorted by user and time."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from infra.container import ClientError

Ints = npt.NDArray[np.int64]

COLUMNS = ("USER_ID", "ITEM_ID", "TIMESTAMP")
"""The columns that every interactions file has; others are optional."""


@dataclass(frozen=True)
class Interactions:
    """Events of all users; users in the order of their ids, each user's events in the order of time.

    Attributes:
        user_ids: names of the users.
        item_ids: names of the items.
        users: (events,) index of the user.
        items: (events,) index of the item.
        timestamps: (events,) seconds since the epoch.
    """

    user_ids: tuple[str, ...]
    item_ids: tuple[str, ...]
    users: Ints
    items: Ints
    timestamps: Ints

    @classmethod
    def of(cls, users: Sequence[str], items: Sequence[str], timestamps: Sequence[int] | Ints) -> Interactions:
        """The events of three columns, in any order; events of the same moment keep theirs."""
        user_ids, user_index = np.unique(np.asarray(users, dtype=str), return_inverse=True)
        item_ids, item_index = np.unique(np.asarray(items, dtype=str), return_inverse=True)
        times = np.asarray(timestamps, dtype=np.int64)
        order = np.lexsort((times, user_index))
        return cls(
            tuple(user_ids.tolist()),
            tuple(item_ids.tolist()),
            user_index[order].astype(np.int64),
            item_index[order].astype(np.int64),
            times[order],
        )

    def __len__(self) -> int:
        return len(self.items)

    @property
    def bounds(self) -> Ints:
        """(users + 1,) where each user's events begin; the last entry is the number of events."""
        return np.searchsorted(self.users, np.arange(len(self.user_ids) + 1)).astype(np.int64)

    def take(self, chosen: npt.NDArray[np.bool_]) -> Interactions:
        """The chosen events; the vocabularies stay, so that indices keep their meaning."""
        return Interactions(
            self.user_ids, self.item_ids, self.users[chosen], self.items[chosen], self.timestamps[chosen]
        )


def read_interactions(
    folder: Path, *, event_type: str | None = None, event_value_threshold: float | None = None
) -> Interactions:
    """All CSV files of a channel.

    Args:
        folder: the channel's folder.
        event_type: keep events with this EVENT_TYPE alone. Default: None, all.
        event_value_threshold: keep events with at least this EVENT_VALUE. Default: None, all.

    Raises:
        ClientError: There is no file, a column is missing, or a value is not what its column holds.
    """
    files = sorted(path for path in folder.rglob("*.csv") if path.is_file()) if folder.is_dir() else []
    if not files:
        raise ClientError(f"the channel has no interactions: no CSV file in {folder}")
    users: list[str] = []
    items: list[str] = []
    times: list[int] = []
    for path in files:
        for line, row in _rows(path):
            if _kept(row, event_type, event_value_threshold, f"{path.name}, line {line}"):
                users.append(row["USER_ID"])
                items.append(row["ITEM_ID"])
                times.append(_timestamp(row["TIMESTAMP"], path, line))
    return Interactions.of(users, items, times)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise ClientError(f"{path.name} lacks the columns {', '.join(missing)}")
        for row in reader:
            yield reader.line_num, row


def _kept(row: dict[str, str], event_type: str | None, threshold: float | None, where: str) -> bool:
    if event_type is not None and row.get("EVENT_TYPE") != event_type:
        return False
    if threshold is None:
        return True
    text = row.get("EVENT_VALUE") or ""
    try:
        return text != "" and float(text) >= threshold
    except ValueError:
        raise ClientError(f"{where}: EVENT_VALUE must be a number, got {text!r}") from None


def _timestamp(text: str, path: Path, line: int) -> int:
    try:
        return int(text)
    except (TypeError, ValueError):
        raise ClientError(f"{path.name}, line {line}: TIMESTAMP must be whole seconds, got {text!r}") from None
