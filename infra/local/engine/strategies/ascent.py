"""Many local maxima at once: L-BFGS in a box, each from its own start. Imports NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array, NDArray[np.int64]], tuple[Array, Array]]
"""Values and gradients at points, given with the numbers of the starts that they belong to."""

MEMORY = 8
"""Earlier steps from which the curvature is estimated."""

HALVINGS = 12
"""Of a step that does not lead high enough, before the climb counts as ended."""


def ascend(function: Function, starts: Array, upper: Array, *, steps: int = 100, tolerance: float = 1e-2) -> Array:
    """Where the climbs from each start end, within 0 and an upper bound for each coordinate.

    The climbs share nothing but the evaluations, each of which is one computation for all that go on: many small ones
    would take several times as long.

    Args:
        function: Values and gradients.
        starts: Points, shape (climbs, coordinates).
        upper: The upper bounds, shape (coordinates,).
        steps: At most.
        tolerance: A climb ends where no part of its gradient that leads into the box is larger.
    """
    ends, going = starts.copy(), np.arange(len(starts))
    values, gradients = function(ends, going)
    moves, turns = np.zeros((0, *starts.shape)), np.zeros((0, *starts.shape))
    for _ in range(steps):
        free = _free(ends, gradients, upper)
        going = np.flatnonzero(np.abs(free).max(axis=1, initial=0.0) > tolerance)
        if not len(going):
            break
        directions = _directions(free[going], moves[:, going], turns[:, going])
        directions[free[going] == 0.0] = 0.0
        flat = (directions * free[going]).sum(axis=1) <= 0.0
        directions[flat] = free[going][flat]
        before, gradients_before = ends.copy(), gradients.copy()
        moved = _step(function, ends, values, gradients, going, directions, upper, first=not len(moves))
        if not len(moved):
            break
        moves = np.concatenate([moves, (ends - before)[None]])[-MEMORY:]
        turns = np.concatenate([turns, (gradients_before - gradients)[None]])[-MEMORY:]
        stuck = np.setdiff1d(going, moved)
        gradients[stuck] = 0.0
    return ends


def _free(points: Array, gradients: Array, upper: Array) -> Array:
    """The gradients without what leads out of the box."""
    outward = ((points <= 0.0) & (gradients < 0.0)) | ((points >= upper) & (gradients > 0.0))
    return np.where(outward, 0.0, gradients)


def _directions(gradients: Array, moves: Array, turns: Array) -> Array:
    """The gradients times an estimate of the inverse curvature, by the two loops of L-BFGS."""
    curvature = (moves * turns).sum(axis=2)
    usable = curvature > 1e-10 * (turns * turns).sum(axis=2)
    inverse = np.where(usable, 1.0 / np.where(usable, curvature, 1.0), 0.0)
    directions, parts = gradients.copy(), np.zeros(curvature.shape)
    for k in range(len(moves) - 1, -1, -1):
        parts[k] = inverse[k] * (moves[k] * directions).sum(axis=1)
        directions -= parts[k][:, None] * turns[k]
    scale = np.ones(len(gradients))
    for k in range(len(moves)):
        squares = (turns[k] * turns[k]).sum(axis=1)
        scale = np.where(usable[k], curvature[k] / np.where(usable[k], squares, 1.0), scale)
    directions *= scale[:, None]
    for k in range(len(moves)):
        other = inverse[k] * (turns[k] * directions).sum(axis=1)
        directions += (parts[k] - other)[:, None] * moves[k]
    return directions


def _step(
    function: Function,
    ends: Array,
    values: Array,
    gradients: Array,
    going: NDArray[np.int64],
    directions: Array,
    upper: Array,
    *,
    first: bool,
) -> NDArray[np.int64]:
    """Move those that go on, in place, by a step that leads high enough; those that found one."""
    length = np.ones(len(going))
    if first:
        length = np.minimum(1.0, 0.5 / np.sqrt((directions * directions).sum(axis=1)))
    pending, moved = np.arange(len(going)), []
    for _ in range(HALVINGS):
        which = going[pending]
        tried = np.clip(ends[which] + length[pending, None] * directions[pending], 0.0, upper)
        reached, slopes = function(tried, which)
        promised = (gradients[which] * (tried - ends[which])).sum(axis=1)
        good = (reached > values[which]) & (reached >= values[which] + 1e-4 * promised)
        ends[which[good]], values[which[good]], gradients[which[good]] = tried[good], reached[good], slopes[good]
        moved.append(which[good])
        pending = pending[~good]
        if not len(pending):
            break
        length[pending] *= 0.3
    return np.concatenate(moved)
