"""Why a training job has failed, as FailureReason says it."""

from __future__ import annotations

import signal
from pathlib import Path

from .container import Container
from .processes import Exit

LONGEST_REASON = 1024
"""Characters of FailureReason."""

_TAIL = 4096


def failure_reason(ended: Exit | None, container: Container, log: Path) -> str:
    """The program's failure file, or else how it ended and the last line of its log."""
    if text := container.failure:
        return text[:LONGEST_REASON]
    if ended is None:
        return "InternalServerError: the training program was lost"
    if ended.code is None:
        return f"ClientError: the training program could not be started: {ended.error}"[:LONGEST_REASON]
    what = "the training program ended without a failure file"
    code = ended.code
    if code < 0:
        what, code = f"the training program was killed by {_signal_name(-code)}", 128 - code
    ending = f", exit code: {code}"
    line = last_line(log)
    reason = f'AlgorithmError: {what}; last line of its log: "{line}"' if line else f"AlgorithmError: {what}"
    return reason[: LONGEST_REASON - len(ending)] + ending


def last_line(log: Path) -> str:
    """The last line of a log that is not blank; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            lines = file.read().decode(errors="replace").split("\n")
    except FileNotFoundError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
