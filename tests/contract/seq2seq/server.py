"""The real server in a process of its own, and requests to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

JSON, RECORDIO, JSONLINES = "application/json", "application/x-recordio-protobuf", "application/jsonlines"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request on a connection of its own; `Content_Type` becomes `Content-Type`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    def invoke(self, body: bytes | str, content_type: str = JSON, **headers: str) -> Answer:
        raw = body.encode() if isinstance(body, str) else body
        return self.request("POST", "/invocations", raw, Content_Type=content_type, **headers)

    def targets(self, *sentences: str) -> list[str]:
        answer = self.invoke(json.dumps({"instances": [{"data": sentence} for sentence in sentences]}))
        assert answer.status == 200, answer.body
        return [each["target"] for each in answer.json["predictions"]]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def running(base: Path, **environment: str) -> Iterator[Server]:
    """The image's entry point `serve` with the model in `<base>/model`."""
    variables = {
        **os.environ,
        "SAGEMAKER_BASE_DIR": str(base),
        "SAGEMAKER_BIND_TO_PORT": "0",
        "OMP_NUM_THREADS": "1",
        **environment,
    }
    command = [sys.executable, "-m", "infra.seq2seq", "serve"]
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            found = re.search(r"^Serving .* at http://0\.0\.0\.0:(\d+) on cpu, beam 2$", line)
            assert found, line + process.stderr.read()
            yield Server(process, int(found[1]))
        finally:
            process.terminate()
            process.wait(60)
