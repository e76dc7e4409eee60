"""Ctrl-C in the middle of the demo, while training jobs run: nothing that it started is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.home import Home
from infra.local.processes import marked
from infra.local.state import PARTS
from infra.local.up import down

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.integration


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    if home.exists:
        down(home)


def test_an_interrupted_demo_leaves_no_process(home: Home) -> None:
    # GIVEN a demo whose training jobs run
    environment = {**os.environ, "TUNING_HOME": str(home.path), "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "demo", "--max-jobs", "2"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    # However slow the machine: without this, a demo that never starts a job would hang the test.
    watchdog = threading.Timer(400, demo.kill)
    watchdog.start()
    said = []
    assert demo.stdout is not None
    for line in demo.stdout:
        said.append(line)
        if "job 1 started" in line:
            break
    assert "job 1 started" in said[-1], "".join(said)
    assert marked(home, *PARTS) != []

    # WHEN the terminal sends Ctrl-C to all of the demo's processes
    os.killpg(demo.pid, signal.SIGINT)
    rest, _ = demo.communicate(timeout=120)
    watchdog.cancel()

    # THEN
    assert "interrupted; everything that the demo started has ended" in rest
    assert demo.returncode == 130
    assert marked(home, *PARTS) == []
