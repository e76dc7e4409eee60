"""Training jobs in the record, and the secondary statuses that they went through."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from typing import Any

from infra.local.engine.errors import NameInUseError, NoSuchJobError
from infra.local.engine.records import TERMINAL, TrainingJob, Transition
from infra.local.record import Record

from ._tables import Tables, insert, put_tags, update

MOST_KEPT = 5_000
"""Ended training jobs that are kept in memory: some 15 MB."""


class TrainingJobs(Tables):
    """Training jobs."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self._ended_jobs: dict[str, TrainingJob] = {}

    def add_training_job(self, job: TrainingJob, tags: Mapping[str, str], message: str) -> None:
        """Record a new training job with its tags and its first secondary status.

        Raises:
            NameInUseError: The name is taken, ignoring case.
        """
        with self._record.transaction() as db:
            if row := db.execute("SELECT arn FROM training_jobs WHERE name = ?", (job.name,)).fetchone():
                raise NameInUseError(row["arn"])
            insert(db, "training_jobs", vars(job))
            _add_transition(db, job.name, job.secondary_status, message, job.created)
            self._note(db, "training", job.name)
            put_tags(db, job.arn, tags)

    def training_job(self, name: str) -> TrainingJob:
        """The training job of that name, ignoring case.

        Raises:
            NoSuchJobError: There is none.
        """
        rows = self._rows("SELECT * FROM training_jobs WHERE name = ?", (name,))
        if not rows:
            raise NoSuchJobError("training", name)
        return _training_job(rows[0])

    def training_jobs(self, tuning_job: str | None = None) -> list[TrainingJob]:
        """The training jobs of a tuning job in the order of their numbers, or all, oldest first."""
        # One row with all names: after each row SQLite lets other threads in, and who computes keeps this one waiting.
        query, values = (
            ("SELECT name FROM training_jobs ORDER BY created, name", ())
            if tuning_job is None
            else ("SELECT name FROM training_jobs WHERE tuning_job = ? ORDER BY number", (tuning_job,))
        )
        with self._record.snapshot():
            (row,) = self._rows(f"SELECT json_group_array(name) AS names FROM ({query})", values)  # noqa: S608 (own text)
            kept = self._ended_jobs
            return [kept[name] if name in kept else self._read_and_kept(name) for name in json.loads(row["names"])]

    def _read_and_kept(self, name: str) -> TrainingJob:
        """A training job, kept in memory if it has ended: one that has never changes, and there may be hundreds."""
        job = self.training_job(name)
        if job.status in TERMINAL:
            if len(self._ended_jobs) >= MOST_KEPT:
                del self._ended_jobs[next(iter(self._ended_jobs))]
            self._ended_jobs[name] = job
        return job

    def _forget(self, names: Iterable[str]) -> None:
        """What is kept of training jobs is no longer so. After the change: who looked before may have kept it again."""
        with self._record.snapshot():
            for name in names:
                self._ended_jobs.pop(name, None)

    def unfinished_training_jobs(self) -> list[TrainingJob]:
        """All training jobs that are not in a terminal status, oldest first."""
        rows = self._rows("SELECT * FROM training_jobs WHERE status IN ('InProgress', 'Stopping') ORDER BY created")
        return [_training_job(row) for row in rows]

    def update_training_job(self, name: str, *, message: str | None = None, **changes: Any) -> bool:
        """Change columns of a training job that is InProgress; a `message` opens a secondary status transition too.

        Returns:
            Whether it was InProgress; otherwise nothing has changed.
        """
        with self._record.transaction() as db:
            row = db.execute("SELECT status FROM training_jobs WHERE name = ?", (name,)).fetchone()
            if row is None or row["status"] != "InProgress":
                return False
            update(db, "training_jobs", name, changes)
            if message is not None:
                _add_transition(db, name, changes["secondary_status"], message, time.time())
                self._note(db, "training", name)
            return True

    def mark_interrupted(self, name: str) -> None:
        """Record that the engine ends the present attempt because it closes."""
        with self._record.transaction() as db:
            update(db, "training_jobs", name, {"interrupted": True})

    def end_training_job(self, name: str, *, message: str, ended: float, **changes: Any) -> None:
        """Put a training job into a terminal status and close its last transition."""
        with self._record.transaction() as db:
            update(db, "training_jobs", name, {"ended": ended, **changes})
            _add_transition(db, name, changes["secondary_status"], message, ended)
            db.execute("UPDATE transitions SET ended = ? WHERE training_job = ? AND ended IS NULL", (ended, name))
            self._note(db, "training", name)

    def delete_training_job(self, name: str) -> None:
        """Remove a training job's entry with all that belongs to it, but for its artifacts."""
        with self._record.transaction() as db:
            db.execute("DELETE FROM tags WHERE arn = (SELECT arn FROM training_jobs WHERE name = ?)", (name,))
            for table in ("transitions", "metric_values", "publications"):
                db.execute(f"DELETE FROM {table} WHERE training_job = ?", (name,))  # noqa: S608 (own names)
            db.execute("DELETE FROM training_jobs WHERE name = ?", (name,))
        self._forget([name])

    def transitions(self, training_job: str) -> list[Transition]:
        """The secondary statuses that a training job went through, in order."""
        rows = self._rows(
            "SELECT status, started, ended, message FROM transitions WHERE training_job = ? ORDER BY position",
            (training_job,),
        )
        return [Transition(**dict(row)) for row in rows]


def _add_transition(db: sqlite3.Connection, name: str, status: str, message: str, now: float) -> None:
    db.execute("UPDATE transitions SET ended = ? WHERE training_job = ? AND ended IS NULL", (now, name))
    db.execute(
        "INSERT INTO transitions SELECT ?, COUNT(*), ?, ?, NULL, ? FROM transitions WHERE training_job = ?",
        (name, status, now, message, name),
    )


def _training_job(row: sqlite3.Row) -> TrainingJob:
    columns = dict(row)
    columns["interrupted"] = bool(columns["interrupted"])
    return TrainingJob(**{**columns, "tuned": json.loads(columns["tuned"])})
