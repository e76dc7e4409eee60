"""The two processes of the local AWS: how each is started, and how to see that it is ready."""

from __future__ import annotations

import os
import time
import urllib.request
from collections import deque
from collections.abc import Mapping
from pathlib import Path

import psutil

import infra
from infra.local import ministack
from infra.local.environment import local_environment, without_aws
from infra.local.errors import FATAL, LocalError
from infra.local.home import Home
from infra.local.processes import is_alive, python, spawn
from infra.local.state import PARTS, LocalState, Part

READY_SECONDS = 60.0
"""How long a part may take until it answers; on an idle machine it takes a fraction of a second."""

_POLL_SECONDS = 0.05
_LOG_LINES = 15


def start(home: Home, state: LocalState, part: Part) -> psutil.Process:
    """Start one part on its port; it is not ready yet."""
    if part == "ministack":
        ministack.prepare(home)
        return spawn(home, part, ministack.command(), ministack.environment(home, state), log_file(home, part))
    command = python("-m", "infra.local.endpoint", "--home", str(home.path), "--port", str(state.endpoint_port))
    return spawn(home, part, command, endpoint_environment(state), log_file(home, part))


def endpoint_environment(state: LocalState, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The user's own environment, which training programs may need, with the local AWS in place of the account."""
    environment = {**without_aws(environ), **local_environment(state)}
    package = str(Path(infra.__file__).parent.parent)
    others = [entry for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([package, *others]))
    environment["PYTHONUNBUFFERED"] = "1"
    environment.setdefault("OMP_NUM_THREADS", "1")
    return environment


def log_file(home: Home, part: Part) -> Path:
    """Where a part writes what it prints."""
    return home.logs / f"{part}.log"


def health_url(state: LocalState, part: Part) -> str:
    """The address that answers 200 when the part is ready."""
    return state.ministack_url + ministack.HEALTH if part == "ministack" else f"{state.endpoint_url}/_health"


def answers(url: str) -> bool:
    """Whether a health check succeeds."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, ValueError):
        return False


def wait_until_ready(home: Home, state: LocalState, *, seconds: float = READY_SECONDS) -> None:
    """Wait until both parts answer.

    Raises:
        LocalError: One has ended or stays silent; the message has the end of its log.
    """
    deadline = time.monotonic() + seconds
    for part in PARTS:
        url = health_url(state, part)
        while not answers(url):
            if not is_alive(state.process(part)):
                raise LocalError(_why_ended(home, part))
            if time.monotonic() > deadline:
                raise LocalError(f"{part} does not answer at {url} after {seconds:g} s. {_end_of_log(home, part)}")
            time.sleep(_POLL_SECONDS)


def _why_ended(home: Home, part: Part) -> str:
    last = _last_lines(home, part)[-1:]
    if last and last[0].startswith(FATAL):
        return f"{part} {last[0].rstrip()}"
    return f"{part} ended before it was ready. {_end_of_log(home, part)}"


def _end_of_log(home: Home, part: Part) -> str:
    return f"The end of {log_file(home, part)}:\n{''.join(_last_lines(home, part)).rstrip()}"


def _last_lines(home: Home, part: Part) -> list[str]:
    with log_file(home, part).open(errors="replace") as file:
        return list(deque(file, _LOG_LINES))
