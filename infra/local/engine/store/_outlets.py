"""What is to be told to other services: state changes, logs and metric values."""

from __future__ import annotations

from infra.local.engine.records import Publication, StateChange

from ._tables import Tables


class Outlets(Tables):
    """What has been told, and what has not."""

    def state_changes(self) -> list[StateChange]:
        """The state changes that have not been told, oldest first."""
        return [StateChange(**dict(row)) for row in self._rows("SELECT * FROM state_changes ORDER BY id")]

    def delete_state_changes(self, up_to: int) -> None:
        """Note that the state changes up to that id were told."""
        with self._record.transaction() as db:
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
        with self._record.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO publications SELECT ?, ?, ?, ?, ?, ? FROM training_jobs WHERE name = ?",
                (*vars(publication).values(), publication.training_job),
            )
