"""The engine's record: one SQLite file, written and synced before anything is acted upon."""

from __future__ import annotations

import json
import math
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .errors import ClosedError, DamagedRecordError, NameInUseError, NoSuchJobError, RecordWriteError
from .records import MetricValue, ParentTrial, Publication, StateChange, TrainingJob, Transition, TuningJob

SCHEMA_VERSION = 3

_SCHEMA = """
CREATE TABLE tuning_jobs (
    name TEXT PRIMARY KEY COLLATE NOCASE, arn TEXT NOT NULL, request TEXT NOT NULL, seed INTEGER NOT NULL,
    status TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL, ended REAL, failure_reason TEXT, ending TEXT,
    parents TEXT NOT NULL
);
CREATE TABLE training_jobs (
    name TEXT PRIMARY KEY COLLATE NOCASE, arn TEXT NOT NULL, request_json TEXT NOT NULL, status TEXT NOT NULL,
    secondary_status TEXT NOT NULL, created REAL NOT NULL, modified REAL NOT NULL,
    tuning_job TEXT COLLATE NOCASE, tuning_job_arn TEXT, number INTEGER, definition TEXT, tuned TEXT NOT NULL,
    started REAL, ended REAL, failure_reason TEXT, objective_value REAL, objective_status TEXT,
    attempt INTEGER NOT NULL, lost INTEGER NOT NULL, interrupted INTEGER NOT NULL, stop_reason TEXT,
    UNIQUE (tuning_job, number)
);
CREATE TABLE transitions (
    training_job TEXT NOT NULL COLLATE NOCASE, position INTEGER NOT NULL, status TEXT NOT NULL,
    started REAL NOT NULL, ended REAL, message TEXT NOT NULL, PRIMARY KEY (training_job, position)
) WITHOUT ROWID;
CREATE TABLE metric_values (
    training_job TEXT NOT NULL COLLATE NOCASE, attempt INTEGER NOT NULL, position INTEGER NOT NULL,
    name TEXT NOT NULL, value REAL, time REAL NOT NULL, PRIMARY KEY (training_job, attempt, position, name)
) WITHOUT ROWID;
CREATE TABLE state_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    secondary_status TEXT, time REAL NOT NULL
);
CREATE TABLE publications (
    training_job TEXT PRIMARY KEY COLLATE NOCASE, attempt INTEGER NOT NULL, stream TEXT, log_offset INTEGER NOT NULL,
    metric_offset INTEGER NOT NULL, done INTEGER NOT NULL
);
CREATE TABLE tags (
    arn TEXT NOT NULL COLLATE NOCASE, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (arn, key)
) WITHOUT ROWID;
"""

_NOTE = {
    "tuning": "INSERT INTO state_changes (kind, name, status, secondary_status, time)"
    " SELECT ?, name, status, NULL, ? FROM tuning_jobs WHERE name = ?",
    "training": "INSERT INTO state_changes (kind, name, status, secondary_status, time)"
    " SELECT ?, name, status, secondary_status, ? FROM training_jobs WHERE name = ?",
}

_JSON_COLUMNS = frozenset({"request", "tuned", "parents"})


class Store:
    """Jobs, metric values and tags of one state folder. Methods may be called from several threads at once.

    Every method that changes something is one transaction, on disk when it returns.

    Args:
        path: The database file; made where it is missing.

    Raises:
        DamagedRecordError: The file is not a whole record of this version.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._closed = False
        self.notes_state_changes = False
        """Whether somebody tells them; otherwise nobody would ever remove them."""
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._db.close()
            if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
                raise
            raise DamagedRecordError(
                f"the engine's record {path} cannot be read ({error}); move it away to keep it, "
                "or begin anew with `tuning local reset`"
            ) from error

    def _open(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        if (problem := self._db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(problem)
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
        elif version != SCHEMA_VERSION:
            raise sqlite3.DatabaseError(f"its version is {version}, this program reads {SCHEMA_VERSION}")

    def close(self) -> None:
        """Close the file; later calls raise ClosedError."""
        with self._lock:
            self._closed = True
            self._db.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._closed:
                raise ClosedError("the record is closed")
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:  # SQLite itself rolls back on a full disk
                    self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise RecordWriteError(
                        f"the engine's record cannot be written ({error}); make room on the disk, then restart the "
                        "local AWS with `tuning local down` and `tuning local up`: its jobs go on where they were"
                    ) from error
                raise

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            if self._closed:
                raise ClosedError("the record is closed")
            return self._db.execute(sql, values).fetchall()

    # -- tuning jobs

    def add_tuning_job(self, job: TuningJob, tags: Mapping[str, str]) -> None:
        """Record a new tuning job with its tags.

        Raises:
            NameInUseError: The name is taken, ignoring case.
        """
        with self._transaction() as db:
            if row := db.execute("SELECT arn FROM tuning_jobs WHERE name = ?", (job.name,)).fetchone():
                raise NameInUseError(row["arn"])
            _insert(db, "tuning_jobs", vars(job))
            self._note(db, "tuning", job.name)
            _put_tags(db, job.arn, tags)

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
        with self._transaction() as db:
            row = db.execute("SELECT ending FROM tuning_jobs WHERE name = ?", (name,)).fetchone()
            if row is None or row["ending"] is not None:
                return False
            _update(db, "tuning_jobs", name, changes)
            if "status" in changes:
                self._note(db, "tuning", name)
            return True

    def end_tuning_job(self, name: str, status: str) -> None:
        """Put a tuning job into its terminal status."""
        now = time.time()
        with self._transaction() as db:
            _update(db, "tuning_jobs", name, {"status": status, "ended": now, "modified": now})
            self._note(db, "tuning", name)

    def delete_tuning_job(self, name: str) -> None:
        """Remove a tuning job's entry and tags; its training jobs stay, as jobs of their own."""
        with self._transaction() as db:
            db.execute("UPDATE training_jobs SET tuning_job = NULL, number = NULL WHERE tuning_job = ?", (name,))
            db.execute("DELETE FROM tags WHERE arn = (SELECT arn FROM tuning_jobs WHERE name = ?)", (name,))
            db.execute("DELETE FROM tuning_jobs WHERE name = ?", (name,))

    # -- training jobs

    def add_training_job(self, job: TrainingJob, tags: Mapping[str, str], message: str) -> None:
        """Record a new training job with its tags and its first secondary status.

        Raises:
            NameInUseError: The name is taken, ignoring case.
        """
        with self._transaction() as db:
            if row := db.execute("SELECT arn FROM training_jobs WHERE name = ?", (job.name,)).fetchone():
                raise NameInUseError(row["arn"])
            _insert(db, "training_jobs", vars(job))
            _add_transition(db, job.name, job.secondary_status, message, job.created)
            self._note(db, "training", job.name)
            _put_tags(db, job.arn, tags)

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
        if tuning_job is None:
            rows = self._rows("SELECT * FROM training_jobs ORDER BY created, name")
        else:
            rows = self._rows("SELECT * FROM training_jobs WHERE tuning_job = ? ORDER BY number", (tuning_job,))
        return [_training_job(row) for row in rows]

    def unfinished_training_jobs(self) -> list[TrainingJob]:
        """All training jobs that are not in a terminal status, oldest first."""
        rows = self._rows("SELECT * FROM training_jobs WHERE status IN ('InProgress', 'Stopping') ORDER BY created")
        return [_training_job(row) for row in rows]

    def update_training_job(self, name: str, *, message: str | None = None, **changes: Any) -> bool:
        """Change columns of a training job that is InProgress; a `message` opens a secondary status transition too.

        Returns:
            Whether it was InProgress; otherwise nothing has changed.
        """
        with self._transaction() as db:
            row = db.execute("SELECT status FROM training_jobs WHERE name = ?", (name,)).fetchone()
            if row is None or row["status"] != "InProgress":
                return False
            _update(db, "training_jobs", name, changes)
            if message is not None:
                _add_transition(db, name, changes["secondary_status"], message, time.time())
                self._note(db, "training", name)
            return True

    def mark_interrupted(self, name: str) -> None:
        """Record that the engine ends the present attempt because it closes."""
        with self._transaction() as db:
            _update(db, "training_jobs", name, {"interrupted": True})

    def end_training_job(self, name: str, *, message: str, ended: float, **changes: Any) -> None:
        """Put a training job into a terminal status and close its last transition."""
        with self._transaction() as db:
            _update(db, "training_jobs", name, {"ended": ended, **changes})
            _add_transition(db, name, changes["secondary_status"], message, ended)
            db.execute("UPDATE transitions SET ended = ? WHERE training_job = ? AND ended IS NULL", (ended, name))
            self._note(db, "training", name)

    def delete_training_job(self, name: str) -> None:
        """Remove a training job's entry with all that belongs to it, but for its artifacts."""
        with self._transaction() as db:
            db.execute("DELETE FROM tags WHERE arn = (SELECT arn FROM training_jobs WHERE name = ?)", (name,))
            for table in ("transitions", "metric_values", "publications"):
                db.execute(f"DELETE FROM {table} WHERE training_job = ?", (name,))  # noqa: S608 (own names)
            db.execute("DELETE FROM training_jobs WHERE name = ?", (name,))

    def transitions(self, training_job: str) -> list[Transition]:
        """The secondary statuses that a training job went through, in order."""
        rows = self._rows(
            "SELECT status, started, ended, message FROM transitions WHERE training_job = ? ORDER BY position",
            (training_job,),
        )
        return [Transition(**dict(row)) for row in rows]

    # -- metric values

    def add_metric_values(self, training_job: str, attempt: int, values: Iterable[MetricValue]) -> None:
        """Record values; those that are there already (a log that is read again) stay as they are."""
        rows = [
            (training_job, attempt, v.offset, v.name, v.value if math.isfinite(v.value) else None, v.time)
            for v in values
        ]
        if rows:
            with self._transaction() as db:
                db.executemany("INSERT OR IGNORE INTO metric_values VALUES (?, ?, ?, ?, ?, ?)", rows)

    def metric_values(self, training_job: str, name: str | None = None, *, after: int = -1) -> list[MetricValue]:
        """The values of a training job's last attempt in the order of the log, of one metric or of all.

        Args:
            training_job: The training job.
            name: The metric.
            after: Only values of lines beyond this place in the log.
        """
        rows = self._rows(
            "SELECT name, value, position, time FROM metric_values m WHERE training_job = ? AND (? IS NULL OR name = ?)"
            " AND position > ?"
            " AND attempt = (SELECT attempt FROM training_jobs t WHERE t.name = m.training_job) ORDER BY position",
            (training_job, name, name, after),
        )
        return [
            MetricValue(r["name"], math.nan if r["value"] is None else r["value"], r["position"], r["time"])
            for r in rows
        ]

    # -- what is to be told to others

    def _note(self, db: sqlite3.Connection, kind: str, name: str) -> None:
        """A state change to be told, in the transaction that makes it."""
        if self.notes_state_changes:
            db.execute(_NOTE[kind], (kind, time.time(), name))

    def state_changes(self) -> list[StateChange]:
        """The state changes that have not been told, oldest first."""
        return [StateChange(**dict(row)) for row in self._rows("SELECT * FROM state_changes ORDER BY id")]

    def delete_state_changes(self, up_to: int) -> None:
        """Note that the state changes up to that id were told."""
        with self._transaction() as db:
            db.execute("DELETE FROM state_changes WHERE id <= ?", (up_to,))

    def unpublished_training_jobs(self) -> list[str]:
        """Names of the training jobs whose log or values are not all published, oldest first."""
        rows = self._rows(
            "SELECT name FROM training_jobs LEFT JOIN publications ON training_job = name"
            " WHERE done IS NULL OR done = 0 ORDER BY created"
        )
        return [row["name"] for row in rows]

    def publication(self, training_job: str) -> Publication:
        """How far a training job is published."""
        rows = self._rows("SELECT * FROM publications WHERE training_job = ?", (training_job,))
        if not rows:
            return Publication(training_job)
        return Publication(**{**dict(rows[0]), "done": bool(rows[0]["done"])})

    def put_publication(self, publication: Publication) -> None:
        """Note how far a training job is published; nothing where it is deleted."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO publications SELECT ?, ?, ?, ?, ?, ? FROM training_jobs WHERE name = ?",
                (*vars(publication).values(), publication.training_job),
            )

    # -- tags

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
        with self._transaction() as db:
            _put_tags(db, arn, tags)

    def delete_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags; keys that are not there do not matter."""
        with self._transaction() as db:
            db.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", [(arn, key) for key in keys])


def _stored(column: str, value: Any) -> Any:
    if column == "parents":
        value = [asdict(parent) for parent in value]
    return json.dumps(value, sort_keys=True) if column in _JSON_COLUMNS else value


def _insert(db: sqlite3.Connection, table: str, columns: Mapping[str, Any]) -> None:
    places = ", ".join("?" for _ in columns)
    db.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})",  # noqa: S608 (own names)
        [_stored(column, value) for column, value in columns.items()],
    )


def _update(db: sqlite3.Connection, table: str, name: str, changes: Mapping[str, Any]) -> None:
    changes = {"modified": time.time(), **changes}
    assignments = ", ".join(f"{column} = ?" for column in changes)
    values = [_stored(column, value) for column, value in changes.items()]
    db.execute(f"UPDATE {table} SET {assignments} WHERE name = ?", [*values, name])  # noqa: S608 (own names)


def _add_transition(db: sqlite3.Connection, name: str, status: str, message: str, now: float) -> None:
    db.execute("UPDATE transitions SET ended = ? WHERE training_job = ? AND ended IS NULL", (now, name))
    db.execute(
        "INSERT INTO transitions SELECT ?, COUNT(*), ?, ?, NULL, ? FROM transitions WHERE training_job = ?",
        (name, status, now, message, name),
    )


def _put_tags(db: sqlite3.Connection, arn: str, tags: Mapping[str, str]) -> None:
    db.executemany("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", [(arn, key, value) for key, value in tags.items()])


def _tuning_job(row: sqlite3.Row) -> TuningJob:
    columns = dict(row)
    parents = tuple(ParentTrial(**parent) for parent in json.loads(columns["parents"]))
    return TuningJob(**{**columns, "request": json.loads(columns["request"]), "parents": parents})


def _training_job(row: sqlite3.Row) -> TrainingJob:
    columns = dict(row)
    columns["interrupted"] = bool(columns["interrupted"])
    return TrainingJob(**{**columns, "tuned": json.loads(columns["tuned"])})
