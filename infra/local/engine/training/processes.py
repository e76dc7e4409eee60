"""The engine's side of a supervisor: start it, find it again, end it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from infra.local.engine.lock import is_held
from infra.local.home import Home

from . import supervisor

CLOCK_TOLERANCE = 5.0
"""Seconds between a process's start as the system tells it and as the supervisor wrote it down."""


SHORT = 0.01
"""Seconds to the next look at a supervisor that is only starting or just ending."""

LOOK_AGAIN = 0.05
"""Seconds between two looks at programs that are to end."""


@dataclass(frozen=True)
class Exit:
    """How a training program ended."""

    code: int | None
    """The exit code, negative for a signal; None where it could not be started."""
    started: float
    ended: float
    terminated: bool = False
    """Whether the engine had asked it to end."""
    timed_out: bool = False
    """Whether it ran into MaxRuntimeInSeconds."""
    error: str = ""
    """Why it could not be started."""


class SupervisedProgram:
    """The supervisor of one attempt at a training job, seen through the files of the job folder alone.

    Args:
        folder: The job folder.
        attempt: The attempt; what earlier ones have left is not taken for it.
    """

    def __init__(self, folder: Path, attempt: int) -> None:
        self._folder = folder
        self._attempt = attempt
        self._child: subprocess.Popen[bytes] | None = None

    def start(self, spec: dict[str, Any], launch: Callable[[Path], subprocess.Popen[bytes] | None]) -> None:
        """Write the specification and start the supervisor.

        Args:
            spec: See `supervisor`.
            launch: Starts the supervisor of a job folder, which holds its lock then unless it is our own child.

        Raises:
            OSError: The process could not be started.
        """
        supervisor.write_json(self._folder / "spec.json", {**spec, "attempt": self._attempt})
        self._child = launch(self._folder)

    def exit(self) -> Exit | None:
        """How the program ended, or None if the supervisor has not said so."""
        ended = self._read("exit.json")
        if ended is None:
            return None
        del ended["attempt"]
        return Exit(**ended)

    def is_alive(self) -> bool:
        """Whether the supervisor lives."""
        if self._child is not None and self._child.poll() is None:
            return True
        return is_held(self._folder / "supervisor.lock")

    @classmethod
    def of(cls, folder: Path) -> SupervisedProgram | None:
        """The last attempt of a job folder, whatever its number; None if nothing was started there."""
        try:
            return cls(folder, json.loads((folder / "supervisor.json").read_text())["attempt"])
        except (FileNotFoundError, ValueError):
            return None

    @property
    def was_started(self) -> bool:
        """Whether this attempt got as far as its specification."""
        return self._read("spec.json") is not None

    def terminate(self) -> bool:
        """Ask the program to end; asked twice, it is killed. False where it does not listen yet, or no more."""
        pid = self._pid()
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        return True

    def wait(self, seconds: float) -> None:
        """Wait until the supervisor ends, that long at most."""
        pid = self._pid()
        try:
            descriptor = None if pid is None else os.pidfd_open(pid)
        except (AttributeError, OSError):  # not Linux, or it has just ended
            descriptor = None
        if descriptor is None:
            time.sleep(min(seconds, SHORT))
            return
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.poll(1000 * seconds)
        finally:
            os.close(descriptor)

    def kill_remains(self) -> None:
        """Kill the program's process group, and what it leaves behind, where the supervisor was lost."""
        spec = self._read("spec.json")
        processes = self._read("supervisor.json")
        if processes is not None:
            self._kill_group(processes)
        if spec is not None and "cleanup" in spec and self.exit() is None:
            supervisor.clean_up(spec["cleanup"], spec, self._folder)

    @staticmethod
    def _kill_group(processes: dict[str, Any]) -> None:
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError, PermissionError):
            started = psutil.Process(processes["program"]).create_time()
            if abs(started - processes["started"]) < CLOCK_TOLERANCE:
                os.killpg(processes["program"], signal.SIGKILL)

    def reap(self) -> None:
        """Collect the supervisor's exit status, if it is our own child."""
        if self._child is not None:
            self._child.wait()

    def _pid(self) -> int | None:
        """The supervisor's process id once it listens to signals and while it lives."""
        processes = self._read("supervisor.json")
        return processes["pid"] if processes is not None and self.is_alive() else None

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            content: dict[str, Any] = json.loads((self._folder / name).read_text())
        except (FileNotFoundError, ValueError):  # a loss of power may leave a file without its content
            return None
        return content if content["attempt"] == self._attempt else None


def end_training_programs(home: Home, *, grace: float = 5.0) -> int:
    """End all training programs of a home that no engine looks after any more; the next engine runs them again.

    For the case that an engine died without closing. Call it when the engine's process is gone.

    Args:
        home: The state folder.
        grace: Seconds from SIGTERM to SIGKILL.

    Returns:
        How many programs were ended.
    """
    folders = home.training_jobs.iterdir() if home.training_jobs.is_dir() else []
    programs = [program for folder in folders if (program := SupervisedProgram.of(folder)) is not None]
    alive = [program for program in programs if program.is_alive()]
    for wait in (grace, CLOCK_TOLERANCE):  # asked twice, a program is killed
        for program in alive:
            program.terminate()
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and any(program.is_alive() for program in alive):
            time.sleep(LOOK_AGAIN)
    for program in programs:
        program.kill_remains()
    return len(alive)
