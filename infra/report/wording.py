"""Numbers, times and values as a person reads them, the same in tables, pages and charts."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from infra.report.search_space import Value

MISSING = "-"


def number(value: float | None, digits: int = 4) -> str:
    """Write a number with so many significant digits: 0.0003162, 12,345, 1.5e-07, nan; a dash for None."""
    if value is None:
        return MISSING
    if not math.isfinite(value):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e6):
        return f"{int(value):,}" if abs(value) < 1e15 else f"{value:.{digits}g}"
    if abs(value) >= 10**digits and abs(value) < 1e6:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def value(given: Value | None, digits: int = 4) -> str:
    """Write the value of a hyperparameter; control characters, which would move a terminal's cursor, are escaped."""
    if given is None:
        return MISSING
    if isinstance(given, int | float):
        return number(given, digits)
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in given)


def duration(given: timedelta | None) -> str:
    """Write a time span: 42s, 3m 05s, 2h 07m, 1d 03h."""
    if given is None:
        return MISSING
    seconds = int(given.total_seconds())
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d {hours % 24:02}h"
    if hours:
        return f"{hours}h {minutes % 60:02}m"
    return f"{minutes}m {seconds % 60:02}s" if minutes else f"{seconds}s"


def moment(given: datetime | None) -> str:
    """Write a point in time with its time zone, to the second."""
    return MISSING if given is None else given.strftime("%Y-%m-%d %H:%M:%S %Z").strip()


def plural(count: int, noun: str) -> str:
    """Write a count with its noun: 1 job, 2 jobs."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
