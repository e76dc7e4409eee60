"""Where the surrogate expects the greatest improvement. Imports NumPy and SciPy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special
from scipy.stats import qmc

from .scales import from_unit, to_unit
from .space import CategoricalRange, ContinuousRange, IntegerRange, Range, Space
from .surrogate import Array, Surrogate

SAMPLES = 2048
"""Points spread over the space among which local searches begin."""

LOCAL_SEARCHES = 10

ROUNDS = 20
"""Of a local search at most: each changes all real numbers at once, then whole numbers and choices one by one."""

STEPS, GRADIENT = 100, 1e-2
"""Of a climb at most, and the gradient at which it ends, by length scale."""

FEW_VALUES = 16
"""Whole numbers of a range up to which all are tried, as all choices are; with more, neighbours at doubling
distances."""


class ExpectedImprovement:
    """The logarithm of the expected improvement over a value, on average over several surrogates.

    Args:
        surrogates: Surrogates of the same values, with different parameters.
        best: The value to improve on; larger is better.
    """

    def __init__(self, surrogates: Sequence[Surrogate], best: float) -> None:
        self._surrogates, self._best = surrogates, best
        self.scales: Array = np.exp(-0.5 * np.mean([np.log(s.kernel.rates) for s in surrogates], axis=0))
        """Length scale of each range."""

    def __call__(self, points: Array) -> Array:
        """At each point of the unit cube, shape (points,)."""
        each = []
        for surrogate in self._surrogates:
            mean, variance = surrogate.posterior(points)
            deviation = np.sqrt(variance)
            each.append(log_improvement((mean - self._best) / deviation)[0] + np.log(deviation))
        average: Array = np.logaddexp.reduce(each) - math.log(len(each))
        return average

    def with_gradient(self, points: Array) -> tuple[Array, Array]:
        """At each point, and the gradients, shape (points, ranges)."""
        each, gradients = [], []
        for surrogate in self._surrogates:
            mean, variance, of_mean, of_variance = surrogate.posterior_with_gradient(points)
            deviation = np.sqrt(variance)
            z = (mean - self._best) / deviation
            value, slope = log_improvement(z)
            by_variance = (1.0 - slope * z) / (2.0 * variance)
            each.append(value + np.log(deviation))
            gradients.append((slope / deviation)[:, None] * of_mean + by_variance[:, None] * of_variance)
        total: Array = np.logaddexp.reduce(each)
        gradient: Array = (np.exp(each - total)[:, :, None] * gradients).sum(axis=0)
        return total - math.log(len(each)), gradient


def log_improvement(z: Array) -> tuple[Array, Array]:
    """log E[max(0, z + x)] for a standard normal x, and its derivative: exact also where z is far below 0."""
    low = np.minimum(z, -1.0)
    squares = low * low
    ratio = math.sqrt(math.pi / 2) * special.erfcx(-low / math.sqrt(2))  # Phi / phi
    rest = np.where(low > -1e3, 1.0 + low * ratio, 1.0 / (squares + 3.0))  # which cancels out for very low ones
    tail = -0.5 * squares - 0.5 * math.log(2 * math.pi) + np.log(rest)
    high = np.maximum(z, -1.0)
    below = special.ndtr(high)
    direct = high * below + np.exp(-0.5 * high * high) / math.sqrt(2 * math.pi)
    return np.where(z < -1.0, tail, np.log(direct)), np.where(z < -1.0, ratio / rest, below / direct)


class Maximizer:
    """Finds the point of a space where a function is largest, by local searches over numbers and choices.

    Args:
        space: The ranges.
        seed: Draws the points where the searches begin.
    """

    def __init__(self, space: Space, *, seed: int) -> None:
        self._ranges, self._seed = space.ranges, seed
        self._discrete = [i for i, r in enumerate(space.ranges) if not isinstance(r, ContinuousRange)]
        self._few = {i: grid(space.ranges[i]) for i in self._discrete if _few(space.ranges[i])}
        self._real = np.array([i for i in range(len(space.ranges)) if i not in self._discrete], dtype=int)
        self._smooth = np.array([i for i in range(len(space.ranges)) if i not in self._few], dtype=int)

    def maximize(self, function: ExpectedImprovement, *, also: Array) -> Array:
        """The point where the function is largest.

        Args:
            function: The function.
            also: Points where searches begin as well, shape (points, ranges).
        """
        draws = np.random.default_rng(self._seed)
        samples = self._rounded(qmc.Sobol(len(self._ranges), rng=draws).random(SAMPLES), [*self._few])
        begins = samples[_promising(function(samples), LOCAL_SEARCHES - len(also), draws)]
        points = np.vstack([self._rounded(begins, self._discrete), also])
        values = function(points)
        points, values = self._climb(function, points, values, self._smooth)
        for _ in range(ROUNDS):
            points, values = _distinct(points, values)
            before = values.copy()
            for i in self._discrete:
                points, values = self._step(function, points, values, i)
            if not (changed := values > before).any():
                break
            kept = changed | (values == values.max())
            points, values = points[kept], values[kept]
            points, values = self._climb(function, points, values, self._real)
        best: Array = points[np.argmax(values)]
        return best

    def _climb(
        self, function: ExpectedImprovement, points: Array, values: Array, moving: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Each point uphill along the gradient, in some dimensions; where that leads higher."""
        if not len(moving):
            return points, values
        scale, ends = function.scales[moving], points.copy()
        shape = len(points), len(moving)

        # The climbs share nothing but the evaluations: one climb of their sum takes a part of the time of many.
        def loss(x: Array) -> tuple[float, Array]:
            ends[:, moving] = x.reshape(shape) * scale
            value, gradient = function.with_gradient(ends)
            return -float(value.sum()), -(gradient[:, moving] * scale).ravel()

        starts, upper = (points[:, moving] / scale).ravel(), np.tile(1.0 / scale, len(points))
        bounds = optimize.Bounds(np.zeros_like(upper), upper)
        options = {"gtol": GRADIENT, "ftol": 0.0, "maxiter": STEPS}  # the sum says nothing about a single climb
        found = optimize.minimize(loss, starts, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        ends[:, moving] = found.x.reshape(shape) * scale
        ends = np.clip(self._rounded(ends, [i for i in self._discrete if i in moving]), 0.0, 1.0)
        reached = function(ends)
        higher = reached > values
        return np.where(higher[:, None], ends, points), np.where(higher, reached, values)

    def _step(self, function: ExpectedImprovement, points: Array, values: Array, i: int) -> tuple[Array, Array]:
        """Each point with the best value of one range instead of its own, if that is better."""
        others = [self._others(i, point[i]) for point in points]
        candidates = np.repeat(points, [len(o) for o in others], axis=0)
        if not len(candidates):
            return points, values
        candidates[:, i] = np.concatenate(others)
        reached = function(candidates)
        points, values, start = points.copy(), values.copy(), 0
        for k, o in enumerate(others):
            if len(o):
                best = start + int(np.argmax(reached[start : start + len(o)]))
                if reached[best] > values[k]:
                    points[k], values[k] = candidates[best], reached[best]
                start += len(o)
        return points, values

    def _others(self, i: int, own: float) -> Array:
        r = self._ranges[i]
        if not isinstance(r, IntegerRange) or i in self._few:
            return self._few[i][np.abs(self._few[i] - own) > 1e-9]
        value, steps = int(from_unit(r, own)), [2**k for k in range(int(r.size).bit_length())]
        near = {value + s for s in steps} | {value - s for s in steps}
        return np.array(sorted(to_unit(r, n) for n in near if r.low <= n <= r.high))

    def _rounded(self, points: Array, which: list[int]) -> Array:
        """With the middle of its value's part of the interval where a range has values apart."""
        points = points.copy()
        for i in which:
            r = self._ranges[i]
            if i in self._few:
                units = self._few[i]
                points[:, i] = units[np.searchsorted((units[:-1] + units[1:]) / 2, points[:, i], side="right")]
            else:
                points[:, i] = [to_unit(r, from_unit(r, share)) for share in points[:, i]]
        return points


def grid(r: Range) -> Array:
    """The places of all values of a countable range on the unit interval."""
    return np.array(sorted(to_unit(r, value) for value in r.values()))


def _few(r: Range) -> bool:
    return r.size <= FEW_VALUES or isinstance(r, CategoricalRange)


def _promising(values: Array, count: int, draws: np.random.Generator) -> NDArray[np.int64]:
    """The best one, and others drawn in proportion to the improvement expected of them."""
    best = int(np.argmax(values))
    chances = np.exp(values - values[best])
    chances[best] = 0.0
    possible = int((chances > 0.0).sum())
    if not possible:
        return np.array([best])
    others = draws.choice(len(values), min(count - 1, possible), replace=False, p=chances / chances.sum())
    return np.concatenate([[best], others])


def _distinct(points: Array, values: Array) -> tuple[Array, Array]:
    _, first = np.unique(np.round(points, 6), axis=0, return_index=True)
    return points[np.sort(first)], values[np.sort(first)]
