"""The server's process: from a model's files to a port, and until SIGTERM.

Told to end, it takes no new connection, finishes the requests that it has, within SageMaker's 30 seconds, and exits
with 0.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import torch
import uvicorn

from infra.container import ClientError

from ..in_order import processors
from ..translator import Translator
from .app import create_app
from .batching import Batcher

#: Environment variables of SageMaker's hosting: the port, and the largest body.
PORT_VARIABLE, MAX_PAYLOAD_VARIABLE = "SAGEMAKER_BIND_TO_PORT", "SAGEMAKER_MAX_PAYLOAD_IN_MB"
DEFAULT_PORT, DEFAULT_MAX_PAYLOAD_MIB = 8080, 25
#: Seconds for what is in flight after SIGTERM; SIGKILL comes after 30.
_GRACE_SECONDS = 27
#: Longer than callers in front keep idle connections, so that they hang up first and no request meets a closed one.
_KEEP_ALIVE_SECONDS = 75


def serve(
    model: Path, *, host: str, port: int, beam_size: int | None = None, log: Callable[[str], None] = print
) -> None:
    """Serves a model until SIGTERM or SIGINT.

    Args:
        model: A model.tar.gz or its folder.
        host: Address to listen at.
        port: 0 for a free one, which the log tells.
        beam_size: Hypotheses followed at once; None: the model's own.
        log: Takes the line that says where it listens.

    Raises:
        ClientError: There is no model, the port cannot be had, or a setting of the environment is wrong.
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    max_payload = environment_number(MAX_PAYLOAD_VARIABLE, DEFAULT_MAX_PAYLOAD_MIB, 1, 1024)
    torch.set_num_threads(environment_number("OMP_NUM_THREADS", processors(), 1, 4096))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with _bound(host, port) as listener:
        translator = Translator.load(model, beam_size=beam_size).to(device)
        translator.search([[1] * 4])  # what is set up on first use is not left to the first request
        app = create_app(translator, Batcher(translator.search), max_payload_mib=max_payload)
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        listener.listen(config.backlog)
        log(f"Serving {model} at http://{host}:{listener.getsockname()[1]} on {device}, beam {translator.beam_size}")
        _run(uvicorn.Server(config), listener)


def environment_number(name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number from the environment.

    Raises:
        ClientError: It is none, or out of range.
    """
    text = os.environ.get(name, str(default))
    if not text.isascii() or not text.isdecimal() or not lowest <= int(text) <= highest:
        raise ClientError(
            f"environment variable {name} must be a whole number from {lowest} to {highest}, but got {text!r}"
        )
    return int(text)


def _bound(host: str, port: int) -> socket.socket:
    """A socket that has its port, so that a taken one is known at once, but refuses connections until it listens."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Connections inherit it; asyncio sets it on sockets of its own only. Without it, the rest of an answer may wait
    # 40 ms for the client's acknowledgement of its start.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ClientError(f"cannot listen at {host}:{port}: {error.strerror}; choose another port") from error
    return listener


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    # uvicorn raises the signal that ended it once more: here that is a good end.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
