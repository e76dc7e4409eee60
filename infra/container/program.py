"""A training image's program: how it is called, how it ends, and where it leaves the reason."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Mapping

from .errors import ClientError
from .files import Container


def run_program(
    name: str,
    arguments: list[str],
    container: Container,
    train: Callable[[], None],
    others: Mapping[str, Callable[[], int]] | None = None,
) -> int:
    """Trains, as the command ``train`` asks for, or does what another command does.

    Args:
        name: The program's name in its usage text.
        arguments: Of the command line.
        container: Where a failure is written.
        train: Does it all.
        others: Further commands, each answering its exit code; None: there are none.

    Returns:
        The exit code: 0, 1 for a client's mistake, 2 for one of ours.
    """
    commands: dict[str, Callable[[], int]] = {"train": lambda: exit_code_of(train, container)}
    if others is not None:
        commands.update(others)
    if len(arguments) != 1 or arguments[0] not in commands:
        print(f"usage: {name} {' | '.join(commands)}", file=sys.stderr)  # noqa: T201
        return 2
    return commands[arguments[0]]()


def exit_code_of(work: Callable[[], None], container: Container | None) -> int:
    """Does the work of a command. The reason of a failure goes to standard error.

    Args:
        work: Does it all.
        container: Where the service looks for the reason as well; None: it looks nowhere.

    Returns:
        The exit code: 0, 1 for a client's mistake, 2 for one of ours.
    """
    try:
        work()
    except ClientError as error:
        return _fail(container, f"ClientError: {error}", 1)
    except Exception as error:  # whatever it is, the service shows the reason rather than a bare exit code
        traceback.print_exc()
        if _is_full_disk(error):
            reason = f"no space is left on the disk ({error}); free some, or give the job more by VolumeSizeInGB"
            return _fail(container, f"ClientError: {reason}", 1)
        return _fail(container, f"AlgorithmError: {type(error).__name__}: {error}", 2)
    return 0


def log(line: str) -> None:
    """Write a line of the job's log, which is standard output."""
    print(line, flush=True)  # noqa: T201


def _is_full_disk(error: BaseException | None) -> bool:
    """Whether that is behind an error; libraries raise errors of their own upon it, some with its text alone."""
    texts = [os.strerror(code) for code in (errno.ENOSPC, errno.EDQUOT)]
    while error is not None:
        if any(text in str(error) for text in texts):
            return True
        error = error.__context__
    return False


def _fail(container: Container | None, reason: str, code: int) -> int:
    reason = reason.encode(errors="backslashreplace").decode()  # names of files need not be characters
    print(reason, file=sys.stderr, flush=True)  # noqa: T201
    if container is not None:
        try:
            container.write_failure(reason)
        except OSError as error:
            print(f"The failure file cannot be written: {error}", file=sys.stderr, flush=True)  # noqa: T201
    return code
