from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.local.home import Home
from infra.local.interrupts import deferred, termination_as_interrupt
from infra.local.processes import ProcessId, end, find, identify, is_alive, mark, marked, spawn

# Starts a child in a session of its own, says both pids, and sleeps; the child ignores SIGTERM.
FAMILY = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"],
    start_new_session=True, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home").create()
    yield home
    end(marked(home, "endpoint", "ministack"), grace=0)


def start(home: Home, program: str, part: str = "endpoint") -> psutil.Process:
    return spawn(home, part, [sys.executable, "-c", program], dict(os.environ), home.logs / "log")


def printed(home: Home) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        text = (home.logs / "log").read_text()
        if text.endswith("\n"):
            return text
        time.sleep(0.02)
    raise AssertionError("the process printed nothing")


def test_ending_a_process_ends_what_it_started(home: Home) -> None:
    leader = start(home, FAMILY)
    child = psutil.Process(int(printed(home)))
    end([leader], grace=5)
    assert not is_alive(identify_or_none(leader))
    assert find(identify_or_none(child)) is None


def identify_or_none(process: psutil.Process) -> ProcessId | None:
    try:
        return identify(process)
    except psutil.NoSuchProcess:
        return None


def test_a_process_that_ignores_sigterm_is_killed(home: Home) -> None:
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    stubborn = f"import signal, time; {ignore}; print('up', flush=True); time.sleep(60)"
    process = start(home, stubborn)
    printed(home)
    end([process], grace=0.2)
    assert identify_or_none(process) is None or not is_alive(identify(process))


def test_orphans_are_found_by_their_mark(home: Home, tmp_path: Path) -> None:
    leader = start(home, FAMILY)
    child = int(printed(home))
    leader.kill()
    leader.wait(5)
    assert [process.pid for process in marked(home, "endpoint")] == [child]
    assert marked(home, "ministack") == []
    assert marked(Home(tmp_path / "other"), "endpoint") == []


def test_the_mark_names_part_and_home(home: Home) -> None:
    process = start(home, "import time; print('up', flush=True); time.sleep(60)", part="ministack")
    printed(home)
    assert process.environ()["TUNING_LOCAL_PROCESS"] == mark(home, "ministack") == f"ministack@{home.path}"


def test_a_process_is_apart_from_the_terminal(home: Home) -> None:
    process = start(home, "import time; time.sleep(60)")
    assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_another_start_time_is_another_process(home: Home) -> None:
    identity = identify(start(home, "import time; time.sleep(60)"))
    assert is_alive(identity)
    assert not is_alive(ProcessId(identity.pid, identity.started - 1))
    assert not is_alive(None)


def test_a_deferred_interrupt_comes_after_the_block() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        with deferred():
            os.kill(os.getpid(), signal.SIGINT)
            steps.append("done")
        steps.append("never")
    assert steps == ["done"]


def test_termination_is_an_interrupt_inside_the_block_only() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), termination_as_interrupt():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_threads_may_use_both() -> None:
    reached = []

    def run() -> None:
        with termination_as_interrupt(), deferred():
            reached.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert reached == [True]
