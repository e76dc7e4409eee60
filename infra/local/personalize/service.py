"""The Personalize service of the local endpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from infra.local.clients import clients_of_environment
from infra.local.endpoint.service import answer
from infra.local.engine import EngineSettings, TuningEngine
from infra.local.home import ACCOUNT, Home, local_region

from . import catalogue, datasets, solutions, training
from .arns import Arns
from .context import Context
from .import_worker import ImportWorker
from .store import Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "personalize"
"""Below the home: the record, and an engine of its own. The service's training jobs are not the user's, and so are
not in SageMaker's lists, here as on AWS."""

_OPERATIONS: dict[str, Callable[[Context, dict[str, Any]], dict[str, Any]]] = {
    **catalogue.OPERATIONS,
    **datasets.OPERATIONS,
    **solutions.OPERATIONS,
}


class PersonalizeService:
    """Datasets, solutions and solution versions, imported and trained on this machine.

    Args:
        home: The state folder.
        s3: The client of the local S3; by default one for the endpoint that `AWS_ENDPOINT_URL_S3` or
            `AWS_ENDPOINT_URL` names.
        region: The region in ARNs; by default that of the environment.
        settings: The engine's times and limits.

    Raises:
        ValueError: Neither `s3` nor an endpoint is given, so that a real account would be read.
        EngineInUseError: Another process works on the folder.
        DamagedRecordError: A record cannot be read, the engine's or that of the resources.
    """

    name = "personalize"
    operations = frozenset(_OPERATIONS)

    def __init__(
        self,
        home: Home,
        *,
        s3: S3Client | None = None,
        region: str | None = None,
        settings: EngineSettings | None = None,
    ) -> None:
        region = local_region() if region is None else region
        client = clients_of_environment(region)("s3") if s3 is None else s3
        bucket = f"personalize-{ACCOUNT}-{region}"
        self._engine = TuningEngine(Home(home.path / FOLDER), client, region=region, settings=settings)
        try:
            self._store = Store(home.path / FOLDER / "resources.sqlite3")
        except BaseException:
            self._engine.close()
            raise
        self._worker = ImportWorker(self._store, client, bucket)
        self._context = Context(self._store, self._engine, client, bucket, Arns(region, ACCOUNT), self._worker.submit)
        self._resume()

    def _resume(self) -> None:
        """A version that was recorded and not yet handed to the engine is handed to it now."""
        for version in self._store.all("solutionVersion"):
            if not training.exists(self._engine, version.body["_job"]):
                solutions.start_training(self._context, version)
        self._worker.resume()

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation; see `infra.local.endpoint.Service`."""
        return answer(_OPERATIONS, self._context, operation, request)

    def close(self) -> None:
        """End imports and training programs; they run again at the next start."""
        self._worker.close()
        self._engine.close()
        self._store.close()
