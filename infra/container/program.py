"""A training image's program: how it is called, how it ends, and where it leaves the reason."""

from __future__ import annotations

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


def exit_code_of(train: Callable[[], None], container: Container) -> int:
    """Trains; a failure is written where the service looks for it.

    Returns:
        The exit code: 0, 1 for a client's mistake, 2 for one of ours.
    """
    try:
        train()
    except ClientError as error:
        return _fail(container, f"ClientError: {error}", 1)
    except Exception as error:  # whatever it is, the service shows the reason rather than a bare exit code
        traceback.print_exc()
        return _fail(container, f"AlgorithmError: {type(error).__name__}: {error}", 2)
    return 0


def log(line: str) -> None:
    """Write a line of the job's log, which is standard output."""
    print(line, flush=True)  # noqa: T201


def _fail(container: Container, reason: str, code: int) -> int:
    container.write_failure(reason)
    print(reason, file=sys.stderr, flush=True)  # noqa: T201
    return code
