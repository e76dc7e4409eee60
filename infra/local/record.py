"""A record of what the local AWS has been told: one SQLite file, on disk before anything is acted upon."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import LocalError


class RecordError(Exception):
    """The base of what can go wrong with a record."""


class DamagedRecordError(RecordError, LocalError):
    """The record cannot be read."""


class RecordWriteError(RecordError):
    """The record cannot be written, on a full disk say. Nothing of the change is there, and nothing else is lost."""


class RecordReadError(RecordError):
    """The record cannot be read at present, on a full disk say. Nothing is lost."""


class ClosedError(RecordError):
    """Its owner is closing: what runs is left as recorded and goes on at the next start."""


class Record:
    """An SQLite file that several threads read and change. Who reads never waits for a change to reach the disk.

    Args:
        path: The file; made where it is missing. Its folder must be there.
        owner: Whose record it is, as messages name it: "the engine", say.
        schema: The statements that make the tables.
        version: The tables' version; a file of another one is refused.

    Raises:
        DamagedRecordError: The file is not a whole record of this version; it is left as it is.
    """

    def __init__(self, path: Path, *, owner: str, schema: str, version: int) -> None:
        self.lock = threading.RLock()
        """Held for each change; hold it so that nothing changes between a look and what follows from it."""
        self.failed = threading.Event()
        """Set where the record could not be written or read; who waits for better times clears it."""
        self._read_lock = threading.RLock()
        self._owner = owner
        self._version = version
        self._closed = False
        self._db = _connect(path)
        try:
            self._open(schema, version)
        except sqlite3.DatabaseError as error:
            self._db.close()
            if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
                raise
            raise DamagedRecordError(
                f"{owner}'s record {path} cannot be read ({error}); move it away to keep it, "
                "or begin anew with `tuning local reset`"
            ) from error
        self._reader = _connect(path)

    def _open(self, schema: str, version: int) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        if (problem := self._db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(problem)
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            self._db.executescript(f"BEGIN;{schema}PRAGMA user_version = {version};COMMIT;")
        elif found != version:
            raise sqlite3.DatabaseError(f"its version is {found}, this program reads {version}")

    def close(self) -> None:
        """Close the file; later calls raise ClosedError."""
        with self.lock, self._read_lock:
            self._closed = True
            self._reader.close()
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Changes that are made together or not at all, on disk at the end. Transactions do not nest.

        What is not committed yet can be read by the connection that is given, and by nobody else.

        Raises:
            RecordWriteError: They cannot be written.
            ClosedError: The record is closed.
        """
        with self.lock:
            self._require_open()
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:  # SQLite itself rolls back on a full disk
                    self._db.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    self.failed.set()
                    raise RecordWriteError(
                        f"{self._owner}'s record cannot be written ({error}); make room on the disk: its jobs then go "
                        "on where they were"
                    ) from error
                raise

    def try_to_write(self) -> None:
        """Write something that changes nothing.

        Raises:
            RecordWriteError: It cannot be written.
            ClosedError: The record is closed.
        """
        with self.transaction() as db:
            db.execute(f"PRAGMA user_version = {self._version}")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows that a query finds.

        Raises:
            RecordReadError: It cannot be read at present.
            ClosedError: The record is closed.
        """
        with self._read_lock, self._reading():
            self._require_open()
            return self._reader.execute(sql, values).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that this thread reads meanwhile be of one moment, whatever changes. Snapshots do not nest.

        Raises:
            ClosedError: The record is closed.
        """
        with self._read_lock:
            self._require_open()
            self._reader.execute("BEGIN")
            try:
                yield
            finally:
                self._reader.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            self.failed.set()
            raise RecordReadError(f"{self._owner}'s record cannot be read at present ({error})") from error

    def _require_open(self) -> None:
        if self._closed:
            raise ClosedError("the record is closed")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection
