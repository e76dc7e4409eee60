"""Colours and shapes that people with any colour vision tell apart (Okabe and Ito, Color Universal Design, 2008)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """How a training job of some status looks: never by its colour alone."""

    color: str
    shape: str


STATUSES = {
    "Completed": Mark("#0072B2", "circle"),
    "Stopped": Mark("#E69F00", "square"),
    "Failed": Mark("#D55E00", "cross"),
    "InProgress": Mark("#56B4E9", "triangle-up"),
    "Stopping": Mark("#CC79A7", "diamond"),
}
BEST = "#009E73"
LINE = "#7F7F7F"
COMPARED = "#0072B2"
