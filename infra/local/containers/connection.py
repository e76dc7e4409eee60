"""The Docker engine of this machine, found as the `docker` command finds it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import docker
import requests
from docker.context import ContextAPI
from docker.errors import APIError, DockerException, ImageNotFound

_SECONDS = 60


class ContainerEngineError(Exception):
    """The Docker engine does not answer, or refuses."""


def engine_address(environ: Mapping[str, str] = os.environ) -> str:
    """Where the engine is: DOCKER_HOST, else the current Docker context's, else the usual socket."""
    if host := environ.get("DOCKER_HOST"):
        return host
    context = ContextAPI.kwargs_from_context(environment=dict(environ))
    return context.get("base_url", "unix:///var/run/docker.sock")


def connect() -> docker.DockerClient:
    """A client of the engine.

    Raises:
        ContainerEngineError: It does not answer.
    """
    address = engine_address()
    try:
        _knock(address)
        return docker.from_env(timeout=_SECONDS)
    except (DockerException, OSError) as error:  # requests' errors are OSErrors
        raise ContainerEngineError(f"no Docker engine answers at {address}") from error


def _knock(address: str) -> None:
    """Find out whether anybody listens at a socket: where nobody does, the client would leave one of its own open."""
    scheme, _, path = address.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)


def missing_image(reference: str) -> str | None:
    """Why a container of this image cannot be made; None where it can.

    Nothing is pulled: the local AWS reaches no registry by itself.
    """
    try:
        client = connect()
    except ContainerEngineError as error:
        return str(error)
    try:
        client.images.get(reference)
    except ImageNotFound:
        return f"the Docker engine at {engine_address()} has no image {reference}"
    except (APIError, requests.RequestException) as error:
        return f"the Docker engine at {engine_address()} does not answer for image {reference}: {error}"
    finally:
        client.close()
    return None
