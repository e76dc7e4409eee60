"""The engine's side of the fork servers: one for each set of modules that a program wants imported beforehand."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from . import forkserver, supervisor
from .images import PROJECT

_logger = logging.getLogger(__name__)

_LIMIT = 15.0
"""Seconds for a server to end by itself when its input ends."""


class ForkServerError(RuntimeError):
    """A fork server does not answer; the supervisor is started without one."""


class Launcher:
    """Starts supervisors: by a fork server, and without one where that fails."""

    def __init__(self) -> None:
        self._servers: dict[tuple[str, ...], _ForkServer] = {}
        self._lock = threading.Lock()

    def prepare(self, modules: tuple[str, ...] = ()) -> None:
        """Let a server begin to import modules, so that it is ready when a program is to start."""
        with contextlib.suppress(ForkServerError):
            self._server(modules)

    def start(self, folder: Path, modules: tuple[str, ...] = ()) -> subprocess.Popen[bytes] | None:
        """Start the supervisor of a job folder; its process if it is a child of this one.

        Raises:
            OSError: It could not be started.
        """
        try:
            self._server(modules).start(folder)
        except ForkServerError as error:
            _logger.warning("the supervisor of %s starts without a fork server: %s", folder.name, error)
            return spawn_supervisor(folder)
        return None

    def close(self) -> None:
        """End the servers; supervisors go on."""
        with self._lock:
            for server in self._servers.values():
                server.close()
            self._servers.clear()

    def _server(self, modules: tuple[str, ...]) -> _ForkServer:
        with self._lock:
            server = self._servers.get(modules)
            if server is None or not server.is_alive:
                server = self._servers[modules] = _ForkServer(modules)
            return server


class _ForkServer:
    def __init__(self, modules: tuple[str, ...]) -> None:
        self._lock = threading.Lock()
        self._ready = False
        command = [sys.executable, "-P", forkserver.__file__, str(PROJECT), *modules]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
            )
        except OSError as error:
            raise ForkServerError(str(error)) from error

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def start(self, folder: Path) -> None:
        with self._lock:
            if not self._ready:
                self._ready = self._answer() == forkserver.READY
            try:
                self._input.write(f"{json.dumps(str(folder))}\n")
                self._input.flush()
            except OSError as error:
                raise ForkServerError(str(error)) from error
            self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None  # noqa: S101 (a pipe, as asked for)
        line = self._process.stdout.readline()
        if not line:
            raise ForkServerError(f"it ended with exit code {self._process.wait()}")
        return line.strip()

    @property
    def _input(self) -> IO[str]:
        assert self._process.stdin is not None  # noqa: S101 (a pipe, as asked for)
        return self._process.stdin

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._input.close()
        try:
            self._process.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def spawn_supervisor(folder: Path) -> subprocess.Popen[bytes]:
    """Start a supervisor as a child of this process.

    Raises:
        OSError: It could not be started.
    """
    with (folder / "supervisor.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", supervisor.__file__, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
