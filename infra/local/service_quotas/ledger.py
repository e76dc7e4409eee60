"""Requests for increases, and what they come to; one JSON file."""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class Increase:
    """A request to raise one quota.

    Args:
        id: The request's id.
        quota_code: Which quota.
        desired: The value asked for.
        created: When, in epoch seconds.
        granted_at: From when on it counts, in epoch seconds.
    """

    id: str
    quota_code: str
    desired: float
    created: float
    granted_at: float

    def status(self, now: datetime) -> str:
        """AWS's status of the request."""
        return "APPROVED" if now.timestamp() >= self.granted_at else "PENDING"


class Ledger:
    """All requests of a home, in the order in which they came. Thread-safe.

    Args:
        path: The file; missing means that there are none.
        grant_after: How long a request stays pending.
        now: The clock.

    Raises:
        ValueError: The file is not one of ours; it is left as it is.
    """

    def __init__(
        self,
        path: Path,
        grant_after: timedelta = timedelta(0),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._grant_after = grant_after
        self.now = now
        self.lock = threading.RLock()
        self._increases = self._read()

    def _read(self) -> list[Increase]:
        if not self._path.exists():
            return []
        try:
            return [Increase(**entry) for entry in json.loads(self._path.read_text())["requests"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{self._path} is not readable ({error}); move it away to begin with the default quotas"
            ) from error

    def requests(self, quota_code: str | None = None) -> list[Increase]:
        """All requests, or those for one quota."""
        with self.lock:
            return [entry for entry in self._increases if quota_code in (None, entry.quota_code)]

    def applied(self, quota_code: str, default: float) -> float:
        """The value that counts now."""
        granted = [r.desired for r in self.requests(quota_code) if r.status(self.now()) == "APPROVED"]
        return max([default, *granted])

    def pending(self, quota_code: str) -> bool:
        """Whether a request for the quota is open."""
        return any(request.status(self.now()) == "PENDING" for request in self.requests(quota_code))

    def add(self, quota_code: str, desired: float) -> Increase:
        """Note a request; it is on disk when this returns."""
        with self.lock:
            created = self.now()
            entry = Increase(
                id=uuid.uuid4().hex,
                quota_code=quota_code,
                desired=desired,
                created=created.timestamp(),
                granted_at=(created + self._grant_after).timestamp(),
            )
            self._write([*self._increases, entry])
            self._increases.append(entry)
            return entry

    def _write(self, increases: list[Increase]) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        with beside.open("w") as file:
            json.dump({"requests": [asdict(entry) for entry in increases]}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
