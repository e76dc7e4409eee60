"""`python -m infra.cli`, the same as `tuning`."""

from __future__ import annotations

from infra.cli import app

app(prog_name="tuning")
