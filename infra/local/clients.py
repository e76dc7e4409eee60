"""boto3 clients of the local AWS."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, cast

import boto3
from botocore.config import Config
from botocore.session import Session

from infra.local.services import SERVICES
from infra.local.state import LocalState

Clients = Callable[[str], Any]
"""Makes the boto3 client of a service in the local AWS."""


def local_client(state: LocalState, service: str) -> Any:
    """A client of a running local AWS, whatever the environment and the user's files say: it reaches no other account.

    Args:
        state: A local AWS that runs.
        service: boto3's name of the service, such as "s3" or "sagemaker".
    """
    session = Session(profile=None)
    session.set_config_variable("config_file", os.devnull)
    session.set_config_variable("credentials_file", os.devnull)
    make: Callable[..., Any] = boto3.session.Session(botocore_session=session).client
    return make(
        service,
        region_name=state.region,
        endpoint_url=state.endpoint_url if service in SERVICES else state.ministack_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
        config=Config(retries={"total_max_attempts": 3}, connect_timeout=5, read_timeout=60, proxies={}),
    )


def clients_of_environment(region: str) -> Clients:
    """Makes clients of the local AWS that this process's environment names.

    Raises:
        ValueError: It names none, so that a real account would be called.
    """
    if not any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")):
        raise ValueError(
            "s3 must be given, or AWS_ENDPOINT_URL set: without it the local service would read a real account's S3"
        )
    session = boto3.session.Session(region_name=region)
    return lambda service: cast("Any", session).client(service)
