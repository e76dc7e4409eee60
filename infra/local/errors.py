"""What can go wrong with the local AWS in a way that its user can mend."""

from __future__ import annotations

FATAL = "cannot start: "
"""Begins the last line in the log of a part that does not start for a reason that its user can mend."""


class LocalError(Exception):
    """The message names the thing and says what to do next."""


class NotRunningError(LocalError):
    """The local AWS is asked for something while it is down."""
