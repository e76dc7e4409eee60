"""Runs one training program to its end, on its own: the engine may die meanwhile.

Started as a file (`python -I -S supervisor.py JOB_FOLDER`), standard library only, so that it is up in a moment. It
holds the lock on `supervisor.lock` for as long as it lives, reads `spec.json`, writes `supervisor.json` (process ids),
lets the program write to `log`, and at the end writes `exit.json`, atomically.

SIGTERM asks the program to end: it gets SIGTERM and, after the grace period, SIGKILL with its whole process group. A
second SIGTERM kills at once. So does the end of MaxRuntimeInSeconds, grace period included.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LOCK_TRIES = 20
"""Tenths of a second to wait for the lock: the engine holds it for a moment when it looks."""

CLEANUP_SECONDS = 60

ROOM_SECONDS = 0.5
"""Seconds to the next try where there is no room on the disk."""

Starter = Callable[[dict[str, Any], int], Any]
"""Starts the module of a specification as a program whose output goes to a descriptor; answers as Popen would."""


def main(folder: Path, *, locked: Callable[[], None] = lambda: None, module_starter: Starter | None = None) -> int:
    """Run the program of a job folder and record how it ended.

    Args:
        folder: The job folder.
        locked: Called once this process holds the folder's lock.
        module_starter: Starts a program that is a Python module faster than a new interpreter would.
    """
    with (folder / "supervisor.lock").open("a") as lock:
        if not _locked(lock.fileno()):
            return os.EX_TEMPFAIL  # another supervisor runs this job
        locked()
        spec = json.loads((folder / "spec.json").read_text())
        supervision = Supervision(folder, spec, module_starter)
        supervision.record(supervision.run())
    return 0


def write_json(path: Path, content: dict[str, Any], *, durable: bool = False) -> None:
    """Write a file that is either whole or not there; after a loss of power, only if it is to be durable."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("w") as file:
        json.dump(content, file, indent=1)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    partial.replace(path)


def is_full_disk(error: OSError) -> bool:
    """Whether there was no room for a file."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def clean_up(command: list[str], spec: dict[str, Any], folder: Path) -> None:
    """Take away what a program may have left behind."""
    try:
        subprocess.run(
            command,
            env=spec["environment"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            timeout=CLEANUP_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"the program may have left something behind: {error}\n")


def _locked(descriptor: int) -> bool:
    for _ in range(LOCK_TRIES):
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.1)
    return False


class Supervision:
    """The life of one program.

    Args:
        folder: The job folder.
        spec: `command`, `environment`, `directory`, `attempt`, `max_runtime` (seconds or None), `grace` (seconds),
            `module` (its name and arguments, where the command runs a Python module; else empty), `mounts` (folders
            to show elsewhere: see `mounts.Mount`) and, where a program that is killed leaves something behind,
            `cleanup` (the command that takes it away).
    """

    def __init__(self, folder: Path, spec: dict[str, Any], module_starter: Starter | None = None) -> None:
        self._folder = folder
        self._spec = spec
        self._module_starter = module_starter
        self._terms = 0
        self._terminated = False
        self._timed_out = False
        self._deadline: float | None = None
        self._wakeup, wakeup = os.pipe()
        for end in (self._wakeup, wakeup):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def run(self) -> dict[str, Any]:
        """Run to the end; what `exit.json` says."""
        started = time.time()
        ended = {"attempt": self._spec["attempt"], "started": started}
        try:
            program = self._start()
        except OSError as error:
            return {**ended, "ended": time.time(), "code": None, "error": str(error)}
        feeder = self._start_feeder()
        code: int = self._wait(program)
        self._kill(program)  # whatever the program has left behind
        if feeder is not None:
            self._kill(feeder)
            feeder.wait()
        if code < 0:
            self._clean_up()
        return {
            **ended,
            "ended": time.time(),
            "code": code,
            "terminated": self._terminated,
            "timed_out": self._timed_out,
        }

    def record(self, ended: dict[str, Any]) -> None:
        """Write how the program ended; where there is no room, once there is, or until somebody wants the end."""
        asked = self._terms
        self._write("exit.json", ended, lambda: self._terms == asked, durable=True)

    def _write(self, name: str, content: dict[str, Any], patient: Callable[[], bool], *, durable: bool = False) -> None:
        while True:
            try:
                write_json(self._folder / name, content, durable=durable)
            except OSError as error:
                if not is_full_disk(error):
                    raise
                if not patient():
                    return
                self._sleep_until(time.monotonic() + ROOM_SECONDS)
            else:
                return

    def _start(self) -> Any:
        self._enter_namespace()
        with (self._folder / "log").open("ab") as log:
            if self._module_starter is not None and self._spec.get("module"):
                program = self._module_starter(self._spec, log.fileno())
            else:
                program = subprocess.Popen(
                    self._spec["command"],
                    env=self._spec["environment"],
                    cwd=self._spec["directory"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        processes = {"pid": os.getpid(), "program": program.pid, "started": time.time()}
        self._write("supervisor.json", {**processes, "attempt": self._spec["attempt"]}, lambda: program.poll() is None)
        if (limit := self._spec["max_runtime"]) is not None:
            self._deadline = time.monotonic() + limit
        return program

    def _enter_namespace(self) -> None:
        """Let the job's folders stand where they are asked for, such as /opt/ml, where that is allowed."""
        if not (mounts := self._spec["mounts"]):
            return
        places = [(Path(m["source"]), Path(m["target"]), m["read_only"]) for m in mounts]
        try:
            runpy.run_path(str(_beside("namespace.py")))["enter"](places, self._folder / "spare")
        except OSError as error:
            if required := [m["target"] for m in mounts if m["required"]]:
                raise OSError(f"{required[0]} cannot be shown to it, which needs a mount namespace: {error}") from error
            sys.stderr.write(f"folders stay where they are: {error}\n")

    def _clean_up(self) -> None:
        if command := self._spec.get("cleanup"):
            clean_up(command, self._spec, self._folder)

    def _start_feeder(self) -> subprocess.Popen[bytes] | None:
        if not (self._folder / "pipes.json").exists():
            return None
        command = [sys.executable, "-I", "-S", str(_beside("feeder.py")), str(self._folder)]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def _wait(self, program: Any) -> int:
        kill_at: float | None = None
        while (code := program.poll()) is None:
            now = time.monotonic()
            if self._deadline is not None and now >= self._deadline:
                self._deadline, self._timed_out = None, True
                self._terms = max(self._terms, 1)
            if self._terms and kill_at is None:
                kill_at = now + self._spec["grace"]
                self._terminated = not self._timed_out
                program.send_signal(signal.SIGTERM)
            if kill_at is not None and (self._terms > 1 or now >= kill_at):
                self._kill(program)
                return int(program.wait())
            self._sleep_until(min((t for t in (self._deadline, kill_at) if t is not None), default=None))
        return int(code)

    def _sleep_until(self, moment: float | None) -> None:
        """Until then, or a signal."""
        timeout = None if moment is None else max(0.0, moment - time.monotonic())
        select.select([self._wakeup], [], [], timeout)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup, 4096)

    def _on_term(self, *_: object) -> None:
        self._terms += 1

    @staticmethod
    def _kill(program: Any) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(program.pid, signal.SIGKILL)


def _beside(name: str) -> Path:
    """Another file of this folder, which is not on the module search path."""
    return Path(__file__).resolve().with_name(name)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
