"""Metric values out of a training program's log, as it grows."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.local.engine.records import MetricValue

CHUNK = 1 << 20
"""Bytes read from a log at a time."""

LONGEST_LINE = 1 << 16
"""Bytes of a line that are looked at; a longer one is cut there, so that a log without line ends costs no memory."""


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class MetricMatcher:
    """Finds metric values in log lines.

    Expressions may be made for the line as the program writes it, or as SageMaker's log shows it: there a control
    character is ``#`` and its octal number, so that ``#011`` is a tab.

    Args:
        definitions: Regular expressions by metric name; the first group is the value.
    """

    def __init__(self, definitions: Mapping[str, str]) -> None:
        self._patterns = {name: re.compile(regex) for name, regex in definitions.items()}

    def values(self, line: str) -> Iterator[tuple[str, float]]:
        """Each metric's last match in the line. What is not a number, or not a finite one, is not-a-number."""
        shown = _CONTROL.sub(lambda found: f"#{ord(found[0]):03o}", line)
        for name, pattern in self._patterns.items():
            match = _last_match(pattern, line)
            if match is None and shown != line:
                match = _last_match(pattern, shown)
            if match is not None:
                yield name, _number(match.group(1) if pattern.groups else match.group())


class LogReader:
    """Reads what has been added to a log since the last time, and finds the metric values in its whole lines.

    Args:
        path: The log; it need not be there yet.
        matcher: What to look for.
    """

    def __init__(self, path: Path, matcher: MetricMatcher) -> None:
        self._path = path
        self._matcher = matcher
        self._position = 0
        self._pending = b""

    def read(self, *, final: bool = False) -> list[MetricValue]:
        """The new values.

        Args:
            final: Whether the program has ended, so that a last line without an end counts too.
        """
        values: list[MetricValue] = []
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return values
        if size > self._position:
            with self._path.open("rb") as log:
                log.seek(self._position)
                while chunk := log.read(CHUNK):
                    values.extend(self._take(chunk))
        if final and self._pending:
            values.extend(self._line(self._pending, self._position - len(self._pending)))
            self._pending = b""
        return values

    def _take(self, chunk: bytes) -> Iterator[MetricValue]:
        start = self._position - len(self._pending)
        self._position += len(chunk)
        # A carriage return ends a line too: progress bars rewrite theirs.
        lines = re.split(rb"[\n\r]", self._pending + chunk)
        for line in lines[:-1]:
            yield from self._line(line, start)
            start += len(line) + 1
        self._pending = lines[-1]
        if len(self._pending) > LONGEST_LINE:
            yield from self._line(self._pending, start)
            self._pending = b""

    def _line(self, line: bytes, offset: int) -> Iterator[MetricValue]:
        now = time.time()
        for name, value in self._matcher.values(line[:LONGEST_LINE].decode(errors="replace")):
            yield MetricValue(name, value, offset, now)


def _last_match(pattern: re.Pattern[str], line: str) -> re.Match[str] | None:
    regex = pattern.pattern
    if regex.startswith(".*") and regex[2:3] not in ("?", "+") and "|" not in regex:
        # It matches from the start or nowhere, and takes the last there is: no need to try at every character, which
        # costs the square of the line's length.
        return pattern.match(line)
    last = None
    for match in pattern.finditer(line):
        last = match
    return last


def _number(text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan
