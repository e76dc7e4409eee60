"""Loopback ports for the parts of the local AWS."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

from infra.local.errors import LocalError
from infra.local.state import HOST

# Below the ranges from which systems take ports for outgoing connections, so that a port is free the next time too.
RANGE = range(20000, 30000)
_ATTEMPTS = 200


def choose_port(wanted: int | None, *, remembered: int | None, taken: Collection[int]) -> int:
    """A port that is free now.

    Args:
        wanted: What the user asks for; None leaves it to us.
        remembered: The port of the last time, taken again where it is free.
        taken: Ports that are promised to other parts.

    Raises:
        LocalError: The wanted port is in use, or none can be found.
    """
    if wanted is not None:
        if wanted in taken or not is_free(wanted):
            raise LocalError(f"port {wanted} of {HOST} is in use: end what uses it, or choose another port")
        return wanted
    guesses = [] if remembered is None else [remembered]
    guesses += random.sample(RANGE, _ATTEMPTS)
    for guess in guesses:
        if guess not in taken and is_free(guess):
            return guess
    raise LocalError(
        f"none of {_ATTEMPTS} ports of {HOST} from {RANGE.start} to {RANGE.stop - 1} is free: choose two with "
        "--port and --endpoint-port"
    )


def is_free(port: int) -> bool:
    """Whether a server could open the port.

    Raises:
        LocalError: No server of this user could, whoever else has it.
    """
    if not 1 <= port <= 65535:
        raise LocalError(f"a port must be from 1 to 65535, got {port}")
    try:
        with socket.create_server((HOST, port)):
            return True
    except PermissionError as error:
        raise LocalError(f"port {port} may not be opened by this user: choose one above 1023") from error
    except OSError:
        return False
