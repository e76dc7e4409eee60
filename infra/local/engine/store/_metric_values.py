"""Metric values in the record."""

from __future__ import annotations

import math
from collections.abc import Iterable

from infra.local.engine.records import MetricValue

from ._tables import Tables


class MetricValues(Tables):
    """What the training programs have printed."""

    def add_metric_values(self, training_job: str, attempt: int, values: Iterable[MetricValue]) -> None:
        """Record values; those that are there already (a log that is read again) stay as they are."""
        rows = [
            (training_job, attempt, v.offset, v.name, v.value if math.isfinite(v.value) else None, v.time)
            for v in values
        ]
        if rows:
            with self._record.transaction() as db:
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
