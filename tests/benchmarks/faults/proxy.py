"""A bad network between the handlers and the local SageMaker: refuses, breaks connections, kills who calls."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

import psutil

KINDS = ("throttled", "server error", "no connection", "connection lost after the effect", "killed", "role missing")


class FaultyProxy:
    """Forwards to the endpoint, with faults as long as :attr:`rate` is above 0."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.rate = 0.0
        self.kill_at = 0
        """The caller of this many-th call from now on is killed; 0 for none."""

        self.before_call: Callable[[], None] = lambda: None
        self.target_port = 0
        self.seen: Counter[str] = Counter()
        self.calls = 0
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proxy._handle(self, body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _handle(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        self.before_call()
        operation = handler.headers["X-Amz-Target"].rpartition(".")[2]
        with self._lock:
            self.calls += 1
            fault = self._next(operation)
            if fault is not None:
                self.seen[fault] += 1
        if fault == "throttled":
            _answer(handler, 400, json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode())
        elif fault == "server error":
            _answer(handler, 500, json.dumps({"__type": "InternalFailure", "message": "try again"}).encode())
        elif fault == "role missing":
            refusal = {"__type": "ValidationException", "message": "Could not assume role arn:aws:iam::0:role/training"}
            _answer(handler, 400, json.dumps(refusal).encode())
        elif fault == "no connection":
            _drop(handler)
        else:
            status, answer = self._forward(handler, body)
            if fault == "killed":
                _kill_caller(handler)
            if fault is not None:
                _drop(handler)
            else:
                _answer(handler, status, answer)

    def _next(self, operation: str) -> str | None:
        if self.kill_at > 0:
            self.kill_at -= 1
            if self.kill_at == 0:
                return "killed"
        if self.random.random() >= self.rate:
            return None
        fault = self.random.choice([kind for kind in KINDS if kind != "killed"])
        return None if fault == "role missing" and operation != "CreateHyperParameterTuningJob" else fault

    def _forward(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        names = ("X-Amz-Target", "Content-Type", "Authorization", "X-Amz-Date")
        headers = {name: handler.headers[name] for name in names if name in handler.headers}
        connection = http.client.HTTPConnection("127.0.0.1", self.target_port, timeout=60)
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except OSError:
            return 503, json.dumps({"__type": "ServiceUnavailable", "message": "the endpoint is away"}).encode()
        finally:
            connection.close()


def _answer(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", "application/x-amz-json-1.1")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _drop(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def _kill_caller(handler: BaseHTTPRequestHandler) -> None:
    """Kill the process at the other end: a Lambda worker of the emulator."""
    port = handler.client_address[1]
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.pid is not None:
            psutil.Process(connection.pid).kill()
