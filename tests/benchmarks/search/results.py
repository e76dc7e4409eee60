"""Files of results: one line a search, appended as it ends."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    """The lines of a file of results; none if there is no such file yet."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def append(path: Path, fields: Sequence[str], row: Sequence[str]) -> None:
    """Add a line, below the names of the fields."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(fields)
        writer.writerow(row)


def middle(values: Sequence[float]) -> str:
    """The median, and the quartiles in brackets."""
    if len(values) < 2:
        return " ".join(f"{v:.2g}" for v in values)
    low, _, high = quantiles(values, n=4, method="inclusive")
    return f"{median(values):.2g} ({low:.2g}-{high:.2g})"
