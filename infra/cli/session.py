"""Clients of AWS for the commands: of the usual configuration, or of the running local AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, overload

from infra.cli.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_personalize import PersonalizeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

ATTEMPTS = 8
"""How often a call is made at most: reading hundreds of jobs from AWS meets throttling."""

_SIGN_IN = "no AWS credentials: sign in, or add --local for the local AWS"
_REGION = "no AWS region: set AWS_REGION, or add --local for the local AWS"
_UNREACHABLE = "no answer: check the network, or `tuning local status` for the local AWS"
ADVICE = {
    "NoCredentialsError": _SIGN_IN,
    "PartialCredentialsError": _SIGN_IN,
    "TokenRetrievalError": _SIGN_IN,
    "UnauthorizedSSOTokenError": _SIGN_IN,
    "NoRegionError": _REGION,
    "EndpointConnectionError": _UNREACHABLE,
    "ConnectionClosedError": _UNREACHABLE,
    "ConnectTimeoutError": _UNREACHABLE,
    "ReadTimeoutError": _UNREACHABLE,
}
"""What to do about errors of the AWS SDK, by the names of their classes."""


@overload
def client(service: Literal["cloudformation"], *, local: bool = False) -> CloudFormationClient: ...
@overload
def client(service: Literal["personalize"], *, local: bool = False) -> PersonalizeClient: ...
@overload
def client(service: Literal["s3"], *, local: bool = False) -> S3Client: ...
@overload
def client(service: Literal["sagemaker"], *, local: bool = False) -> SageMakerClient: ...
@overload
def client(service: Literal["logs"], *, local: bool = False) -> CloudWatchLogsClient: ...
def client(service: str, *, local: bool = False) -> Any:
    """Make a client of a service.

    Args:
        service: boto3's name of the service.
        local: whether to call the running local AWS. The environment of this process is neither read for that nor
            changed, so that a profile of a real account cannot get in the way.

    Raises:
        UserError: no local AWS is running.
    """
    if local:
        return _local_client(service)
    import boto3
    from botocore.config import Config

    # boto3 reads AWS_DEFAULT_REGION alone; the AWS CLI and the CDK CLI let AWS_REGION go first.
    region = os.environ.get("AWS_REGION", "")
    make: Any = boto3.Session(region_name=region if region else None).client
    return make(service, config=Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS}))


def _local_client(service: str) -> Any:
    from infra.local.clients import local_client
    from infra.local.errors import LocalError
    from infra.local.home import Home
    from infra.local.state import running_state

    try:
        return local_client(running_state(Home.default()), service)
    except LocalError as error:
        raise UserError(str(error)) from error


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
        advice = ADVICE.get(type(error).__name__)
        raise UserError(f"{advice} ({error})" if advice is not None else str(error)) from error
