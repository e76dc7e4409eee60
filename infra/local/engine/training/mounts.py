"""Folders that stand in other places for a training program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mount:
    """A folder and where a program finds it, in a mount namespace or in a container."""

    source: str
    target: str
    read_only: bool = False
    required: bool = False
    """Whether the program must not start without it."""
