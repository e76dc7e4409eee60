"""Tuning jobs in the record."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from infra.local.engine.errors import NameInUseError, NoSuchJobError
from infra.local.engine.records import ParentTrial, TuningJob

from ._tables import insert, put_tags, update
from ._training_jobs import TrainingJobs


class TuningJobs(TrainingJobs):
    """Tuning jobs, beside the training jobs that may belong to them."""

    def add_tuning_job(self, job: TuningJob, tags: Mapping[str, str]) -> None:
        """Record a new tuning job with its tags.

        Raises:
            NameInUseError: The name is taken, ignoring case.
        """
        with self._record.transaction() as db:
            if row := db.execute("SELECT arn FROM tuning_jobs WHERE name = ?", (job.name,)).fetchone():
                raise NameInUseError(row["arn"])
            insert(db, "tuning_jobs", vars(job))
            self._note(db, "tuning", job.name)
            put_tags(db, job.arn, tags)

    def tuning_job(self, name: str) -> TuningJob:
        """The tuning job of that name, ignoring case.

        Raises:
            NoSuchJobError: There is none.
        """
        rows = self._rows("SELECT * FROM tuning_jobs WHERE name = ?", (name,))
        if not rows:
            raise NoSuchJobError("tuning", name)
        return _tuning_job(rows[0])

    def tuning_jobs(self) -> list[TuningJob]:
        """All tuning jobs, oldest first."""
        return [_tuning_job(row) for row in self._rows("SELECT * FROM tuning_jobs ORDER BY created, name")]

    def decide_ending(self, name: str, **changes: Any) -> bool:
        """Record how a tuning job is to end; the first decision stands.

        Returns:
            Whether it was the first.
        """
        with self._record.transaction() as db:
            row = db.execute("SELECT ending FROM tuning_jobs WHERE name = ?", (name,)).fetchone()
            if row is None or row["ending"] is not None:
                return False
            update(db, "tuning_jobs", name, changes)
            if "status" in changes:
                self._note(db, "tuning", name)
            return True

    def end_tuning_job(self, name: str, status: str) -> None:
        """Put a tuning job into its terminal status."""
        now = time.time()
        with self._record.transaction() as db:
            update(db, "tuning_jobs", name, {"status": status, "ended": now, "modified": now})
            self._note(db, "tuning", name)

    def delete_tuning_job(self, name: str) -> None:
        """Remove a tuning job's entry and tags; its training jobs stay, as jobs of their own."""
        with self._record.transaction() as db:
            owned = db.execute("SELECT name FROM training_jobs WHERE tuning_job = ?", (name,)).fetchall()
            db.execute("UPDATE training_jobs SET tuning_job = NULL, number = NULL WHERE tuning_job = ?", (name,))
            db.execute("DELETE FROM tags WHERE arn = (SELECT arn FROM tuning_jobs WHERE name = ?)", (name,))
            db.execute("DELETE FROM tuning_jobs WHERE name = ?", (name,))
        self._forget([row["name"] for row in owned])


def _tuning_job(row: sqlite3.Row) -> TuningJob:
    columns = dict(row)
    parents = tuple(ParentTrial(**parent) for parent in json.loads(columns["parents"]))
    return TuningJob(**{**columns, "request": json.loads(columns["request"]), "parents": parents})
