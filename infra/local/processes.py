"""Processes of a home: started apart from the terminal, known by more than their id, ended with their children."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.home import Home

MARK = "TUNING_LOCAL_PROCESS"
"""Environment variable on every process of a home, inherited by what it starts: `<part>@<home>`."""

GRACE_SECONDS = 15.0
"""From SIGTERM to SIGKILL: the emulator writes its state in this time."""


@dataclass(frozen=True)
class ProcessId:
    """A process that a reused pid cannot stand in for.

    Args:
        pid: The process id.
        started: When it started, in epoch seconds.
    """

    pid: int
    started: float


def identify(pid: int) -> ProcessId:
    """The identity of a live process."""
    return ProcessId(pid, psutil.Process(pid).create_time())


def find(identity: ProcessId | None) -> psutil.Process | None:
    """The live process, or None where it has ended or its pid belongs to another one by now."""
    if identity is None:
        return None
    try:
        process = psutil.Process(identity.pid)
        same = abs(process.create_time() - identity.started) < 0.5
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


def is_alive(identity: ProcessId | None) -> bool:
    """Whether this very process lives."""
    return find(identity) is not None


def mark(home: Home, part: str) -> str:
    """The value of `MARK` for one part ("ministack", "endpoint") of a home."""
    return f"{part}@{home.path}"


def spawn(
    home: Home, part: str, command: Sequence[str | Path], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a part of a home in a session of its own: neither Ctrl-C nor the end of a terminal reaches it."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**environment, MARK: mark(home, part)},
            cwd=home.path,
            start_new_session=True,
        )


def marked(home: Home, *parts: str) -> list[psutil.Process]:
    """All live processes that parts of a home started, at any depth, orphans included."""
    wanted = {mark(home, part) for part in parts}
    found = []
    for process in psutil.process_iter():
        # Processes of other users show no environment; none of them is ours.
        with contextlib.suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) in wanted:
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process], *, grace: float = GRACE_SECONDS) -> None:
    """End the processes and all their children: SIGTERM to the given ones, a grace period, SIGKILL to what is left.

    Children get no SIGTERM of their own: who started them ends them in order, and what it forgets is killed.
    """
    leaders = list(processes)
    family = {process.pid: process for leader in leaders for process in [leader, *_children(leader)]}
    for leader in leaders:
        with contextlib.suppress(psutil.NoSuchProcess):
            leader.terminate()
    psutil.wait_procs(leaders, timeout=grace)
    family |= {child.pid: child for leader in leaders for child in _children(leader)}
    _, left = psutil.wait_procs(family.values(), timeout=0)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=grace)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def python(*arguments: str) -> list[str]:
    """A command line for this interpreter."""
    return [sys.executable, *arguments]
