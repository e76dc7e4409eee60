"""The `tuning` command: one file per group of commands, none of which imports its engine before it is called."""

from __future__ import annotations
