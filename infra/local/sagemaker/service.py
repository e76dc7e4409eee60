"""The SageMaker service of the local endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.local.clients import Clients, clients_of_environment
from infra.local.endpoint.service import answer
from infra.local.engine import EngineSettings, TuningEngine
from infra.local.home import Home, local_region

from .operations import OPERATIONS
from .outlets import Publisher

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class SageMakerService:
    """SageMaker's tuning and training jobs, run on this machine.

    Args:
        home: The state folder.
        s3: The client of the local S3; by default one for the endpoint that `AWS_ENDPOINT_URL_S3` or
            `AWS_ENDPOINT_URL` names.
        region: The region in ARNs; by default that of the environment.
        settings: The engine's times and limits.
        clients: Makes the clients of the other local services, which are told of logs, metrics and state changes. By
            default those of the environment's endpoint, or none where `s3` is given.

    Raises:
        ValueError: Neither `s3` nor an endpoint is given, so that a real account would be read.
        EngineInUseError: Another engine works on the folder.
        DamagedRecordError: The engine's record cannot be read.
    """

    name = "sagemaker"
    operations = frozenset(OPERATIONS)

    def __init__(
        self,
        home: Home,
        *,
        s3: S3Client | None = None,
        region: str | None = None,
        settings: EngineSettings | None = None,
        clients: Clients | None = None,
    ) -> None:
        region = local_region() if region is None else region
        if s3 is None:
            make = clients_of_environment(region)
            s3, clients = make("s3"), make if clients is None else clients
        told = clients is not None
        self._engine = TuningEngine(home, s3, region=region, settings=settings, notes_state_changes=told)
        self._publisher = None if clients is None else Publisher(self._engine, clients)
        if self._publisher is not None:
            self._publisher.start()

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation; see `infra.local.endpoint.service.Service`."""
        return answer(OPERATIONS, self._engine, operation, request)

    def close(self) -> None:
        """End all training programs; those jobs run again at the next start."""
        if self._publisher is not None:
            self._publisher.close()
        self._engine.close()
