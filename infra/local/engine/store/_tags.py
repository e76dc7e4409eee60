"""Tags in the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ._tables import Tables, put_tags


class Tags(Tables):
    """Tags of jobs, by ARN."""

    def tags(self, arn: str) -> dict[str, str]:
        """The tags of a resource, sorted by key."""
        rows = self._rows("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (arn,))
        return {row["key"]: row["value"] for row in rows}

    def has_resource(self, arn: str) -> bool:
        """Whether a job has that ARN."""
        return any(
            self._rows(f"SELECT 1 FROM {table} WHERE arn = ? COLLATE NOCASE", (arn,))  # noqa: S608 (own names)
            for table in ("tuning_jobs", "training_jobs")
        )

    def put_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add tags, or change the values of those that are there."""
        with self._record.transaction() as db:
            put_tags(db, arn, tags)

    def delete_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags; keys that are not there do not matter."""
        with self._record.transaction() as db:
            db.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", [(arn, key) for key in keys])
