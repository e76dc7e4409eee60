"""A Docker engine without containers: the calls of its API that the local AWS makes, each container a process."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socketserver
import struct
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_ROUTE = re.compile(r"/v[\d.]+(?P<path>/.*)|(?P<bare>/.*)")
_STDOUT = 1


class RefusedError(Exception):
    """An answer of the engine that is none of success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Container:
    """A process that finds the container's folders where they really lie."""

    id: str
    name: str
    config: dict[str, Any]
    folder: Path
    image: Path
    process: subprocess.Popen[bytes] | None = None
    removed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def code(self) -> int | None:
        if self.process is None or (code := self.process.poll()) is None:
            return None
        return code if code >= 0 else 128 - code

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.code is None

    def start(self) -> None:
        words = [*(self.config.get("Entrypoint") or []), *(self.config.get("Cmd") or [])]
        program = self.image / words[0]
        if not program.exists() and shutil.which(words[0]) is None:
            raise RefusedError(400, f'exec: "{words[0]}": executable file not found in $PATH')
        command = ["sh", str(program), *words[1:]] if program.exists() else words
        variables = (word.partition("=")[::2] for word in self.config.get("Env") or [])
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [self._here(word) for word in command],
                env={"PATH": os.environ["PATH"], **{name: self._here(value) for name, value in variables}},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _here(self, text: str) -> str:
        for bind in sorted(self.config["HostConfig"].get("Binds") or [], key=lambda b: -len(b.split(":")[1])):
            source, target, *_ = bind.split(":")
            text = text.replace(target, source)
        return text

    def signal(self, name: str) -> None:
        if not self.is_running or self.process is None:
            raise RefusedError(409, f"container {self.name} is not running")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.Signals[name])

    def description(self) -> dict[str, Any]:
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Config": {key: value for key, value in self.config.items() if key != "HostConfig"},
            "HostConfig": self.config["HostConfig"],
            "State": {"Running": self.is_running, "ExitCode": self.code or 0, "OOMKilled": False},
        }


class DockerEngine:
    """The engine's state. `images` are folders with programs for `sh`, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.images: dict[str, Path] = {}
        self.containers: dict[str, Container] = {}
        self.removed: list[Container] = []

    def add_image(self, name: str, programs: dict[str, str]) -> None:
        image = self.folder / f"image-{len(self.images)}"
        image.mkdir()
        for program, text in programs.items():
            (image / program).write_text(text)
        self.images[name] = image

    def create(self, name: str, config: dict[str, Any]) -> Container:
        if config["Image"] not in self.images:
            raise RefusedError(404, f"No such image: {config['Image']}")
        if any(c.name == name for c in self.containers.values()):
            raise RefusedError(409, f'The container name "/{name}" is already in use')
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        container = Container(folder.name * 2, name, config, folder, self.images[config["Image"]])
        self.containers[container.id] = container
        return container

    def container(self, key: str) -> Container:
        for container in self.containers.values():
            if key in (container.id, container.name):
                return container
        raise RefusedError(404, f"No such container: {key}")

    def remove(self, container: Container) -> None:
        if container.is_running:
            container.signal("SIGKILL")
        if container.process is not None:
            container.process.wait()
        container.removed = True
        self.removed.append(self.containers.pop(container.id))

    def labelled(self, wanted: list[str]) -> list[Container]:
        def has(container: Container, label: str) -> bool:
            name, _, value = label.partition("=")
            return bool(container.config.get("Labels", {}).get(name) == value)

        return [c for c in list(self.containers.values()) if all(has(c, label) for label in wanted)]


class _Handler(BaseHTTPRequestHandler):
    engine: DockerEngine
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "local"

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        url = urlsplit(self.path)
        match = _ROUTE.fullmatch(url.path)
        path = "" if match is None else match["path"] or match["bare"]
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            self._route([unquote(part) for part in path.split("/")[1:]], query, body)
        except RefusedError as refused:
            self._answer({"message": refused.message}, refused.status)

    def _route(self, parts: list[str], query: dict[str, str], body: bytes) -> None:
        engine = self.engine
        match [self.command, *parts]:
            case ["GET", "version"]:
                self._answer({"ApiVersion": "1.45", "MinAPIVersion": "1.24", "Version": "0"})
            case ["GET", "info"]:
                self._answer({"MemTotal": 1 << 30, "NCPU": 2, "CpuCfsQuota": True})
            case ["GET", "images", *name, "json"]:
                if "/".join(name) not in engine.images:
                    raise RefusedError(404, f"No such image: {'/'.join(name)}")
                self._answer({"Id": "sha256:0"})
            case ["POST", "containers", "create"]:
                self._answer({"Id": engine.create(query["name"], json.loads(body)).id}, 201)
            case ["GET", "containers", "json"]:
                wanted = json.loads(query.get("filters", "{}")).get("label", [])
                self._answer([{"Id": c.id, "Names": [c.name]} for c in engine.labelled(wanted)])
            case ["DELETE", "containers", key]:
                engine.remove(engine.container(key))
                self._answer(None, 204)
            case [_, "containers", key, action]:
                self._container(engine.container(key), action, query)
            case _:
                raise RefusedError(404, f"page not found: {self.command} {self.path}")

    def _container(self, container: Container, action: str, query: dict[str, str]) -> None:
        match action:
            case "json":
                self._answer(container.description())
            case "start":
                container.start()
                self._answer(None, 204)
            case "kill":
                container.signal(query["signal"])
                self._answer(None, 204)
            case "wait":
                while container.is_running:
                    time.sleep(0.01)
                self._answer({"StatusCode": container.code})
            case "logs":
                self._stream(container)
            case _:
                raise RefusedError(404, f"page not found: {self.path}")

    def _stream(self, container: Container) -> None:
        """The log to its end, in frames of the stream's number, the length and the content."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with contextlib.suppress(BrokenPipeError), container.log.open("rb") as log:
            while True:
                ended = not container.is_running
                while content := log.read(4096):
                    self.wfile.write(struct.pack(">BxxxI", _STDOUT, len(content)) + content)
                if ended:
                    return
                time.sleep(0.01)

    def _answer(self, content: Any, status: int = 200) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextlib.contextmanager
def docker_engine() -> Iterator[tuple[str, DockerEngine]]:
    """An engine and its address, as DOCKER_HOST has it; its containers end with it."""
    with tempfile.TemporaryDirectory(prefix="docker-") as folder:  # a socket's path must be short
        engine = DockerEngine(Path(folder))
        socket = Path(folder, "sock")
        server = _Server(str(socket), type("Handler", (_Handler,), {"engine": engine}))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"unix://{socket}", engine
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            for container in list(engine.containers.values()):
                engine.remove(container)
