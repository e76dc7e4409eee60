"""Clients of AWS for the commands: of the usual configuration, or of the running local AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, overload

from infra.cli.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient


@overload
def client(service: Literal["sagemaker"], *, local: bool = False) -> SageMakerClient: ...
@overload
def client(service: Literal["logs"], *, local: bool = False) -> CloudWatchLogsClient: ...
def client(service: str, *, local: bool = False) -> Any:
    """Make a client of a service that is patient with throttling.

    Args:
        service: boto3's name of the service.
        local: whether to call the running local AWS. The environment of this process is neither read for that nor
            changed, so that a profile of a real account cannot get in the way.
    """
    import boto3
    from botocore.config import Config

    config = Config(retries={"mode": "standard", "total_max_attempts": 8})
    if not local:
        return boto3.Session().client(service, config=config)  # type: ignore[call-overload]
    settings = local_settings()
    specific = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    return boto3.Session().client(  # type: ignore[call-overload]
        service,
        config=config,
        endpoint_url=settings.get(specific, settings["AWS_ENDPOINT_URL"]),
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )


def local_settings() -> Mapping[str, str]:
    """Take the variables that point to the running local AWS."""
    environment = import_module("infra.local.environment")
    settings: Mapping[str, str] = environment.running_environment()
    return settings


@contextmanager
def aws_errors() -> Iterator[None]:
    """Turn what AWS, or the way to it, has against a command into an error that the user can act on."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        answer = error.response.get("Error", {})
        raise UserError(
            f"{error.operation_name} was refused: {answer.get('Message')} ({answer.get('Code')})"
        ) from error
    except BotoCoreError as error:
        raise UserError(f"{_advice(error)}: {error}") from error


def _advice(error: Exception) -> str:
    """Say what to do about an error of the AWS SDK; the local AWS is a probable answer to a missing configuration."""
    kind = type(error).__name__
    if kind in {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "TokenRetrievalError"}:
        return "no AWS credentials: sign in, or add --local for the local AWS"
    if kind == "NoRegionError":
        return "no AWS region: set AWS_REGION, or add --local for the local AWS"
    if kind in {"EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError"}:
        return "the endpoint cannot be reached; is it running (for the local AWS: `tuning local status`)"
    return "the AWS SDK failed"
