"""How a training program ends: its exit code, and the reason that it leaves."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.container import ClientError, Container, exit_code_of, run_program


def _raising(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


_FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "model.bin")
_SPACE = "free some, or give the job more by VolumeSizeInGB"


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (ClientError("channel 'train' is empty"), 1, "ClientError: channel 'train' is empty"),
        (KeyError("epoch"), 2, "AlgorithmError: KeyError: 'epoch'"),
        (
            _FULL,
            1,
            f"ClientError: no space is left on the disk ([Errno 28] No space left on device: 'model.bin'); {_SPACE}",
        ),
        (
            RuntimeError("I/O error: No space left on device (os error 28)"),
            1,
            f"ClientError: no space is left on the disk (I/O error: No space left on device (os error 28)); {_SPACE}",
        ),
        (
            ClientError("\udcff.rec is truncated"),  # the name of a file that is not UTF-8
            1,
            "ClientError: \\udcff.rec is truncated",
        ),
    ],
    ids=["client's", "ours", "full disk", "full disk, by a library", "no characters"],
)
def test_a_failure_has_its_code_and_leaves_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: Exception, code: int, reason: str
) -> None:
    container = Container(tmp_path)
    assert exit_code_of(_raising(error), container) == code
    assert container.failure.read_text(encoding="utf-8") == reason
    assert capsys.readouterr().err.splitlines()[-1] == str(reason)


def test_a_failure_file_that_cannot_be_written_does_not_hide_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "output").write_text("a file where a folder should be")
    assert exit_code_of(_raising(ClientError("channel 'train' is empty")), Container(tmp_path)) == 1
    reason, note = capsys.readouterr().err.splitlines()
    assert reason == "ClientError: channel 'train' is empty"
    assert note.startswith("The failure file cannot be written: ")


def test_the_first_of_several_processes_to_fail_says_why(tmp_path: Path) -> None:
    container = Container(tmp_path)
    for reason in ("the cause", "what came of it"):
        exit_code_of(_raising(ClientError(reason)), container)
    assert container.failure.read_text() == "ClientError: the cause"


def test_a_long_reason_is_cut_to_what_the_service_shows(tmp_path: Path) -> None:
    exit_code_of(_raising(ClientError("ä" * 2000)), Container(tmp_path))
    assert Container(tmp_path).failure.read_text(encoding="utf-8") == "ClientError: " + "ä" * (1024 - 13)


@pytest.mark.parametrize("arguments", [[], ["test"], ["train", "now"]])
def test_another_command_is_answered_by_those_that_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code = run_program("program", arguments, Container(tmp_path), lambda: None, {"serve": lambda: 0})
    assert (code, capsys.readouterr().err) == (2, "usage: program train | serve\n")
