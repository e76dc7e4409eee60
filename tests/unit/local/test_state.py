from __future__ import annotations

import os
import re
from pathlib import Path

import psutil
import pytest

from infra.local.errors import LocalError, NotRunningError
from infra.local.home import Home
from infra.local.processes import ProcessId, identify
from infra.local.state import LocalState, read_state, running_state, write_state

MYSELF = identify(psutil.Process(os.getpid()))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


def test_a_state_is_read_as_it_was_written(home: Home) -> None:
    state = LocalState("us-east-1", 20001, 20002, ministack=MYSELF)
    write_state(home, state)
    assert read_state(home) == state


def test_no_file_is_no_state(home: Home) -> None:
    assert read_state(home) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"ministack": {"pid": 1}, "endpoint": null}', '{"region": 1'])
def test_a_damaged_file_is_named(home: Home, text: str) -> None:
    home.local_json.write_text(text)
    with pytest.raises(LocalError, match=rf"^{re.escape(str(home.local_json))} is damaged .*run `tuning local up`$"):
        read_state(home)


def test_a_reused_pid_is_not_our_process(home: Home) -> None:
    reused = ProcessId(MYSELF.pid, MYSELF.started - 60)
    write_state(home, LocalState("us-east-1", 1, 2, ministack=MYSELF, endpoint=reused))
    with pytest.raises(NotRunningError) as caught:
        running_state(home)
    assert str(caught.value) == f"no local AWS is running in {home.path}: start it with `tuning local up`"


def test_both_parts_make_it_run(home: Home) -> None:
    state = LocalState("us-east-1", 1, 2, ministack=MYSELF, endpoint=MYSELF)
    write_state(home, state)
    assert running_state(home) == state
