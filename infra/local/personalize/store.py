"""The record of all resources: one SQLite file, written before anything is done."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.record import Record

from .errors import already_exists, not_found

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE resources (
    arn TEXT PRIMARY KEY, kind TEXT NOT NULL, parent TEXT, body TEXT NOT NULL, created REAL NOT NULL,
    updated REAL NOT NULL
);
CREATE INDEX by_parent ON resources (kind, parent);
CREATE TABLE tags (
    arn TEXT NOT NULL REFERENCES resources (arn) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (arn, key)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Resource:
    """One resource of the service. Times are seconds since the epoch."""

    arn: str
    kind: str
    """The API's word for it, such as "datasetGroup"."""
    parent: str | None
    """What it belongs to: the dataset group of a dataset, the solution of a version."""
    body: dict[str, Any]
    """What describing it answers, times and ARN aside, and members of our own that begin with an underscore."""
    created: float
    updated: float


class Store:
    """Resources and tags. Methods may be called from several threads; a change is on disk when its method returns.

    Args:
        path: The database file; made where it is missing.

    Raises:
        DamagedRecordError: The file is not a record of this version; it is left as it is.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._record = Record(path, owner="Personalize", schema=_SCHEMA, version=SCHEMA_VERSION)
        self.lock = self._record.lock

    def close(self) -> None:
        """Close the file."""
        self._record.close()

    def add(
        self, kind: str, arn: str, body: dict[str, Any], *, parent: str | None = None, tags: Iterable[Any] = ()
    ) -> None:
        """Record a new resource with the tags of its request.

        Raises:
            ServiceError: There is one of that ARN.
        """
        now = time.time()
        with self._record.transaction() as db:
            try:
                db.execute(
                    "INSERT INTO resources VALUES (?, ?, ?, ?, ?, ?)", (arn, kind, parent, json.dumps(body), now, now)
                )
            except sqlite3.IntegrityError:
                raise already_exists(arn) from None
            _put_tags(db, arn, {tag["tagKey"]: tag["tagValue"] for tag in tags})

    def get(self, arn: str, kind: str | None = None) -> Resource:
        """The resource of an ARN.

        Raises:
            ServiceError: There is none, or it is of another kind.
        """
        rows = self._record.rows("SELECT * FROM resources WHERE arn = ?", (arn,))
        if not rows or kind not in (None, rows[0]["kind"]):
            raise not_found(arn)
        return _resource(rows[0])

    def all(self, kind: str, parent: str | None = None) -> list[Resource]:
        """All of a kind, or those that belong to one parent; the oldest first."""
        where, values = ("", (kind,)) if parent is None else (" AND parent = ?", (kind, parent))
        rows = self._record.rows(
            f"SELECT * FROM resources WHERE kind = ?{where} ORDER BY created, arn",  # noqa: S608
            values,
        )
        return [_resource(row) for row in rows]

    def change(self, arn: str, **members: Any) -> None:
        """Change members of a resource's body; None takes a member out. Nothing happens where it is gone."""
        with self._record.transaction() as db:
            row = db.execute("SELECT body FROM resources WHERE arn = ?", (arn,)).fetchone()
            if row is None:
                return
            body = {**json.loads(row["body"]), **members}
            body = {name: value for name, value in body.items() if value is not None}
            db.execute("UPDATE resources SET body = ?, updated = ? WHERE arn = ?", (json.dumps(body), time.time(), arn))

    def delete(self, arn: str) -> None:
        """Remove a resource with its tags."""
        with self._record.transaction() as db:
            db.execute("DELETE FROM resources WHERE arn = ?", (arn,))

    def tags(self, arn: str) -> dict[str, str]:
        """A resource's tags, by key."""
        rows = self._record.rows("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (arn,))
        return {row["key"]: row["value"] for row in rows}

    def put_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags; those that are there get the new value."""
        with self._record.transaction() as db:
            _put_tags(db, arn, tags)

    def delete_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags."""
        with self._record.transaction() as db:
            db.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", [(arn, key) for key in keys])


def _put_tags(db: sqlite3.Connection, arn: str, tags: Mapping[str, str]) -> None:
    db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", [(arn, key, value) for key, value in tags.items()])


def _resource(row: sqlite3.Row) -> Resource:
    return Resource(row["arn"], row["kind"], row["parent"], json.loads(row["body"]), row["created"], row["updated"])
