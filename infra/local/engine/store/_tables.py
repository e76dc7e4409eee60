"""What the parts of the engine's record share."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from infra.local.record import Record

_JSON_COLUMNS = frozenset({"request", "tuned", "parents"})

_NOTE = {
    "tuning": "INSERT INTO state_changes (kind, name, status, secondary_status, time)"
    " SELECT ?, name, status, NULL, ? FROM tuning_jobs WHERE name = ?",
    "training": "INSERT INTO state_changes (kind, name, status, secondary_status, time)"
    " SELECT ?, name, status, secondary_status, ? FROM training_jobs WHERE name = ?",
}


class Tables:
    """Some tables of the record.

    Args:
        record: The record.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self.notes_state_changes = False
        """Whether somebody tells them; otherwise nobody would ever remove them."""

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        return self._record.rows(sql, values)

    def _note(self, db: sqlite3.Connection, kind: str, name: str) -> None:
        """A state change to be told, in the transaction that makes it."""
        if self.notes_state_changes:
            db.execute(_NOTE[kind], (kind, time.time(), name))


def _stored(column: str, value: Any) -> Any:
    if column == "parents":
        value = [asdict(parent) for parent in value]
    return json.dumps(value, sort_keys=True) if column in _JSON_COLUMNS else value


def insert(db: sqlite3.Connection, table: str, columns: Mapping[str, Any]) -> None:
    """Add a row."""
    places = ", ".join("?" for _ in columns)
    db.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608 (own names)
        [_stored(column, value) for column, value in columns.items()],
    )


def update(db: sqlite3.Connection, table: str, name: str, changes: Mapping[str, Any]) -> None:
    """Change columns of the row of that name, and when it was modified."""
    changes = {"modified": time.time(), **changes}
    assignments = ", ".join(f"{column} = ?" for column in changes)
    values = [_stored(column, value) for column, value in changes.items()]
    db.execute(f"UPDATE {table} SET {assignments} WHERE name = ?", [*values, name])  # noqa: S608 (own names)


def put_tags(db: sqlite3.Connection, arn: str, tags: Mapping[str, str]) -> None:
    """Add tags, or change the values of those that are there."""
    db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", [(arn, key, value) for key, value in tags.items()])
