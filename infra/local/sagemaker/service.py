"""The SageMaker service of the local endpoint."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

from infra.local.endpoint.service import ServiceError
from infra.local.engine import EngineSettings, RecordWriteError, TuningEngine
from infra.local.home import Home, local_region

from .operations import OPERATIONS
from .outlets import Publisher
from .outlets.publisher import Clients

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
            make = local_clients(region)
            s3, clients = make("s3"), make if clients is None else clients
        told = clients is not None
        self._engine = TuningEngine(home, s3, region=region, settings=settings, notes_state_changes=told)
        self._publisher = None if clients is None else Publisher(self._engine, clients)
        if self._publisher is not None:
            self._publisher.start()

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation; see `infra.local.endpoint.service.Service`."""
        if operation not in OPERATIONS:
            raise NotImplementedError(operation)
        try:
            return OPERATIONS[operation](self._engine, request)
        except RecordWriteError as error:
            raise ServiceError("InternalFailure", str(error), 500) from error

    def close(self) -> None:
        """End all training programs; those jobs run again at the next start."""
        if self._publisher is not None:
            self._publisher.close()
        self._engine.close()


def local_clients(region: str) -> Clients:
    """Makes clients of the local AWS that this process's environment names.

    Raises:
        ValueError: It names none, so that a real account would be called.
    """
    if not any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")):
        raise ValueError(
            "s3 must be given, or AWS_ENDPOINT_URL set: without it the local service would read a real account's S3"
        )
    import boto3

    session = boto3.session.Session(region_name=region)
    return lambda service: cast("Any", session).client(service)
