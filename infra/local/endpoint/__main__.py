"""`python -m infra.local.endpoint --home FOLDER --port PORT`: the process that `tuning local up` starts."""

from __future__ import annotations

import argparse
import logging
import socket
import sys
from pathlib import Path

import uvicorn
from filelock import FileLock, Timeout

from infra.local.endpoint.server import create_app
from infra.local.errors import FATAL, LocalError
from infra.local.home import Home
from infra.local.services import build_services

HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 5
_SWITCH_SECONDS = 0.001
"""How long a thread that computes, such as a search, keeps one with a request waiting: Python's own 5 ms add up, as a
request changes threads several times."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit code is 1 with one line on stderr where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.endpoint", description=__doc__)
    parser.add_argument("--home", type=Path, default=None, help="state folder (default: $TUNING_HOME or .tuning)")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    options = parser.parse_args(arguments)
    home = (Home.default() if options.home is None else Home(options.home.absolute())).create()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        with FileLock(home.endpoint_lock, timeout=0):
            return _serve(home, options.port)
    except Timeout:
        return _fail(f"another endpoint already works on {home.path}: end it with `tuning local down`")


def _serve(home: Home, port: int) -> int:
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        return _fail(f"port {port} of {HOST} cannot be opened: {error.strerror}; choose another one with --port")
    # Connections inherit it; asyncio sets it on sockets of its own only. Without it, the rest of an answer may wait
    # 40 ms for the client's acknowledgement of its start.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sys.setswitchinterval(_SWITCH_SECONDS)
    with listener:
        try:
            app = create_app(build_services(home))
        except LocalError as error:
            return _fail(str(error))
        sys.stdout.write(f"serving http://{HOST}:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=_SHUTDOWN_SECONDS
        )
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _fail(message: str) -> int:
    sys.stderr.write(f"{FATAL}{message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
