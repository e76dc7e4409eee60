"""Processes of a home: started apart from the terminal, known by more than their id, ended with their children."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.home import Home

MARK = "TUNING_LOCAL_PROCESS"
"""Environment variable on every process of a home, inherited by what it starts: `<part>@<home>`."""

GRACE_SECONDS = 15.0
"""From SIGTERM to SIGKILL: the emulator writes its state in this time."""


_POLL_SECONDS = 0.02
# The clock that start times are computed from may be set anew; no two processes get one pid this quickly.
_SAME_START_SECONDS = 0.5


@dataclass(frozen=True)
class ProcessId:
    """A process that a reused pid cannot stand in for.

    Args:
        pid: The process id.
        started: When it started, in epoch seconds.
    """

    pid: int
    started: float


def identify(process: psutil.Process) -> ProcessId:
    """What to remember of a live process."""
    return ProcessId(process.pid, process.create_time())


def find(identity: ProcessId | None) -> psutil.Process | None:
    """The live process, or None where it has ended or its pid belongs to another one by now."""
    if identity is None:
        return None
    try:
        process = psutil.Process(identity.pid)
        same = abs(process.create_time() - identity.started) < _SAME_START_SECONDS
    except psutil.Error:
        return None
    return process if same and _is_running(process) else None


def is_alive(identity: ProcessId | None) -> bool:
    """Whether this very process lives."""
    return find(identity) is not None


def mark(home: Home, part: str) -> str:
    """The value of `MARK` for one part ("ministack", "endpoint") of a home."""
    return f"{part}@{home.path}"


def spawn(
    home: Home, part: str, command: Sequence[str | Path], environment: Mapping[str, str], log: Path
) -> psutil.Process:
    """Start a part of a home in a session of its own: neither Ctrl-C nor the end of a terminal reaches it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment, MARK: mark(home, part)},
            cwd=home.path,
            start_new_session=True,
        )
    # It outlives this command: without this, Popen would warn of a child that nobody waited for.
    process.returncode = 0
    return psutil.Process(process.pid)


def marked(home: Home, *parts: str) -> list[psutil.Process]:
    """All live processes that parts of a home started, at any depth, orphans included."""
    wanted = {mark(home, part) for part in parts}
    found = []
    for process in psutil.process_iter():
        # Processes of other users show no environment; none of them is ours.
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) in wanted and _is_running(process):
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process], *, grace: float = GRACE_SECONDS) -> None:
    """End the processes and all their children: SIGTERM to the given ones, a grace period, SIGKILL to what is left.

    Children get no SIGTERM of their own: who started them ends them in order, and what it forgets is killed.
    """
    leaders = list(processes)
    family = {process for leader in leaders for process in [leader, *_children(leader)]}
    for leader in leaders:
        with contextlib.suppress(psutil.NoSuchProcess):
            leader.terminate()
    for leader in _wait(leaders, grace):
        family.update(_children(leader))
    left = _wait(family, 0)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _wait(left, grace)


def _wait(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still live after that time. A zombie has ended, whether or not its parent takes notice."""
    deadline = time.monotonic() + seconds
    while True:
        _, left = psutil.wait_procs(processes, timeout=0)
        alive = [process for process in left if _is_running(process)]
        if not alive or time.monotonic() >= deadline:
            return alive
        time.sleep(_POLL_SECONDS)


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def python(*arguments: str) -> list[str]:
    """A command line for this interpreter."""
    return [sys.executable, *arguments]
