"""The engine's record: one SQLite file, written and synced before anything is acted upon."""

from __future__ import annotations

import threading
from pathlib import Path

from infra.local.record import Record

from ._metric_values import MetricValues
from ._outlets import Outlets
from ._schema import SCHEMA, SCHEMA_VERSION
from ._tags import Tags
from ._tuning_jobs import TuningJobs

__all__ = ["Store"]


class Store(TuningJobs, MetricValues, Outlets, Tags):
    """Jobs, metric values and tags of one state folder. Methods may be called from several threads at once.

    Every method that changes something is one transaction, on disk when it returns.

    Args:
        path: The database file; made where it is missing.

    Raises:
        DamagedRecordError: The file is not a whole record of this version.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(Record(path, owner="the engine", schema=SCHEMA, version=SCHEMA_VERSION))

    @property
    def failed(self) -> threading.Event:
        """Set where the record could not be written or read, or a file of a job not be written."""
        return self._record.failed

    def try_to_write(self) -> None:
        """Write something that changes nothing.

        Raises:
            RecordWriteError: It cannot be written.
        """
        self._record.try_to_write()

    def close(self) -> None:
        """Close the file; later calls raise ClosedError."""
        self._record.close()
