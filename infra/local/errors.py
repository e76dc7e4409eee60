"""What can go wrong with the local AWS in a way that its user can mend."""

from __future__ import annotations


class LocalError(Exception):
    """The message names the thing and says what to do next."""


class NotRunningError(LocalError):
    """The local AWS is asked for something while it is down."""
