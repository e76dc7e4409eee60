"""The terminal that tables are written to."""

from __future__ import annotations

import io
import os
import sys

from rich.console import Console

PLAIN_WIDTH = 100
"""Columns where the output is no terminal and COLUMNS is not set."""


def console() -> Console:
    """Make a console on standard output that prints any text, whatever the encoding of the terminal."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    plain = not sys.stdout.isatty() and not os.environ.get("COLUMNS")
    return Console(width=PLAIN_WIDTH if plain else None, highlight=False, emoji=False, markup=False)
