"""Sessions: a user's events without a long pause between them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .interactions import Interactions

IDLE_SECONDS = 30 * 60
"""A pause from which on a new session begins: half an hour, as web analytics count them, and as in Quadrana et al.
(2017), section 4.1."""


def session_starts(events: Interactions, idle_seconds: int = IDLE_SECONDS) -> npt.NDArray[np.bool_]:
    """(events,) whether each event is the first of its session."""
    starts = np.ones(len(events), dtype=bool)
    same_user = events.users[1:] == events.users[:-1]
    starts[1:] = ~same_user | (np.diff(events.timestamps) > idle_seconds)
    return starts
