"""Start and end the local AWS of a home."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace

import psutil
from filelock import FileLock, Timeout

from infra.local.bootstrap import seed
from infra.local.errors import LocalError
from infra.local.home import Home, local_region
from infra.local.interrupts import deferred, termination_as_interrupt
from infra.local.parts import start, wait_until_ready
from infra.local.ports import choose_port
from infra.local.processes import end, find, identify, is_alive, marked
from infra.local.state import PARTS, LocalState, read_state, write_state

_LOCK_SECONDS = 5


def up(home: Home, *, port: int | None = None, endpoint_port: int | None = None) -> tuple[LocalState, bool]:
    """Start what is not running and wait until it answers.

    Args:
        home: Where the state lives; made if it is missing.
        port: Port of the emulator; by default the one of the last time if it is free, else any free one.
        endpoint_port: Port of the endpoint, likewise.

    Returns:
        The state, and whether anything had to be started.

    Raises:
        LocalError: A port is taken, or a part ended at once. Nothing that this call started is left.
    """
    home.create()
    with locked(home):
        last = read_state(home)
        if last is not None and last.is_running:
            _refuse_other_ports(last, port, endpoint_port)
            wait_until_ready(home, last)
            return last, False
        plan = _plan(LocalState(local_region()) if last is None else last, port, endpoint_port)
        _clear(home, last, plan)
        return _start(home, plan), True


def down(home: Home) -> bool:
    """End everything that runs for a home; its state stays. Says whether anything ran."""
    if not home.exists:
        return False
    with locked(home):
        return _end_all(home)


def reset(home: Home) -> bool:
    """End everything and delete the home. Says whether there was one.

    Raises:
        LocalError: The folder is not a home; it is left alone.
    """
    if not home.path.exists():
        return False
    if not home.exists:
        raise LocalError(f"{home.path} is not the state of a local AWS (it has no {home.marker.name}): left as it is")
    with locked(home):
        _end_all(home)
        for entry in home.path.iterdir():
            if entry in (home.marker, home.lock):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    # The marker and the lock go last: a deletion that is cut short can be repeated.
    shutil.rmtree(home.path)
    return True


@contextlib.contextmanager
def locked(home: Home) -> Iterator[None]:
    """Keep other commands from starting and ending parts of the same home meanwhile."""
    try:
        with FileLock(home.lock, timeout=_LOCK_SECONDS):
            yield
    except Timeout as error:
        raise LocalError(
            f"another command is starting or ending the local AWS in {home.path}: try again when it is done"
        ) from error


def _refuse_other_ports(state: LocalState, port: int | None, endpoint_port: int | None) -> None:
    for wanted, used in ((port, state.ministack_port), (endpoint_port, state.endpoint_port)):
        if wanted is not None and wanted != used:
            raise LocalError(f"the local AWS already runs on port {used}, not {wanted}: run `tuning local down` first")


def _plan(last: LocalState, port: int | None, endpoint_port: int | None) -> LocalState:
    """The last state with ports for the next start: those of a part that lives stay unless the user says otherwise."""
    ports: list[int] = []
    for wanted, used, process in (
        (port, last.ministack_port, last.ministack),
        (endpoint_port, last.endpoint_port, last.endpoint),
    ):
        if used is not None and wanted in (None, used) and is_alive(process):
            ports.append(used)
        else:
            ports.append(choose_port(wanted, remembered=used, taken=ports))
    return replace(last, ministack_port=ports[0], endpoint_port=ports[1])


def _clear(home: Home, last: LocalState | None, plan: LocalState) -> None:
    """Of a local AWS that runs in part, end what cannot stay.

    Each part knows the other's port, so both go when a port changes. Training processes of a lost endpoint stay: its
    engine finds them again. Lambdas of a lost emulator go: nobody could find them again.
    """
    if last is None or (last.ministack_port, last.endpoint_port) != (plan.ministack_port, plan.endpoint_port):
        _end_all(home)
    elif not is_alive(last.ministack):
        end(marked(home, "ministack"))


def _start(home: Home, state: LocalState) -> LocalState:
    """Start the missing parts; whatever interrupts this, they do not outlive it."""
    started: list[psutil.Process] = []
    try:
        with termination_as_interrupt():
            for part in PARTS:
                if not state.is_part_running(part):
                    with deferred():
                        process = start(home, state, part)
                        started.append(process)
                        state = state.with_process(part, identify(process))
                        write_state(home, state)
            wait_until_ready(home, state)
            seed(state)
    except BaseException:
        with deferred():
            end(started)
            for part in PARTS:
                if not state.is_part_running(part):
                    state = state.with_process(part, None)
            write_state(home, state)
        raise
    return state


def _end_training(home: Home) -> None:
    """End what a killed engine has left; each program by its supervisor, which writes down that it is to run again."""
    from infra.local.engine import end_training_programs

    end_training_programs(home)


def _end_all(home: Home) -> bool:
    """End both parts in order, the endpoint first: its engine puts away its jobs while S3 still answers."""
    state = read_state(home)
    ran = False
    for part in reversed(PARTS):
        leader = None if state is None else find(state.process(part))
        end([] if leader is None else [leader])
        if part == "endpoint":
            _end_training(home)
        orphans = marked(home, part)
        end(orphans)
        ran = ran or leader is not None or bool(orphans)
        if state is not None:
            state = state.with_process(part, None)
            write_state(home, state)
    return ran
