"""The endpoint in a thread of the test, on a port of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import uvicorn
from botocore.config import Config

from infra.local.endpoint import Service
from infra.local.endpoint.server import create_app


@contextlib.contextmanager
def serving(*services: Service) -> Iterator[str]:
    """The URL of an endpoint with these services; they are closed at the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(services), log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the endpoint did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def client(service: str, url: str) -> Any:
    """boto3 without its own checks, so that what the endpoint refuses can be seen, and without retries."""
    make: Callable[..., Any] = boto3.session.Session().client
    return make(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}, proxies={}),
    )
