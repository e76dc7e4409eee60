"""The surrogate: a Gaussian process over points of the unit cube. Imports NumPy and SciPy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from .space import CategoricalRange, Space

Array = NDArray[np.float64]

LEAST_NOISE = 1e-6
"""Variance of the noise at least, in variances of the values: keeps the covariance matrix regular."""

STARTS = ((0.0, 0.0, 0.0), (0.0, 0.0, -4.6))
"""Where fits begin, with much noise and with little: logarithms of the rates, the variance and the noise."""

LEAST_CURVATURE = 0.5
"""Of the loss, where it is nearly flat: no logarithm is drawn with a deviation above 1.4."""

BOUNDS = ((-12.0, 12.0), (-10.0, 7.0), (-18.0, 5.0))
"""Of the same logarithms: far outside of what the prior favours, and within what arithmetic bears."""


class Features:
    """Coordinates in which the distance between configurations is Euclidean.

    A number is a coordinate itself; a category without an order becomes one for each choice, so that any two
    choices are equally far from each other: at distance 1, as the two ends of a range.

    Args:
        space: The ranges.
    """

    def __init__(self, space: Space) -> None:
        self._choices = [
            len(r.choices) if isinstance(r, CategoricalRange) and r.ordered is None else None for r in space.ranges
        ]
        counts = [n or 1 for n in self._choices]
        self.owner = np.repeat(np.arange(len(counts)), counts)
        """The range that each coordinate belongs to."""
        self._firsts = np.cumsum([0, *counts[:-1]])

    def of(self, points: Array) -> Array:
        """The coordinates of points of the unit cube, shape (points, coordinates)."""
        if not any(self._choices):
            return points
        columns = []
        for column, n in zip(points.T, self._choices, strict=True):
            if n is None:
                columns.append(column[:, None])
            else:
                columns.append(np.sqrt(0.5) * (np.floor(column * n)[:, None] == np.arange(n)))
        return np.concatenate(columns, axis=1)

    def gathered(self, parts: Array) -> Array:
        """The sum over the coordinates of each range, shape (points, ranges)."""
        return np.add.reduceat(parts, self._firsts, axis=1) if any(self._choices) else parts


@dataclass(frozen=True)
class Kernel:
    """A Matern 5/2 covariance with a length scale for each range."""

    rates: Array
    """1 / squared length scale of each range."""
    variance: float
    noise: float


def matern(squared: Array) -> tuple[Array, Array]:
    """The Matern 5/2 function of a squared distance, and its derivative."""
    root = np.sqrt(5.0 * squared)
    decay = np.exp(-root)
    return (1.0 + root + (5.0 / 3.0) * squared) * decay, (-5.0 / 6.0) * (1.0 + root) * decay


def squared_distances(a: Array, b: Array) -> Array:
    """Between all rows of one and all rows of the other."""
    squares: Array = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * (a @ b.T)
    return np.maximum(squares, 0.0)


class Surrogate:
    """A Gaussian process with given covariance, conditioned on values.

    Args:
        kernel: The covariance.
        features: Of the space.
        points: Points of the unit cube, shape (values, ranges).
        values: Standardised values.
    """

    def __init__(self, kernel: Kernel, features: Features, points: Array, values: Array) -> None:
        self.kernel, self.features, self.points, self.values = kernel, features, points, values
        self._stretch = np.sqrt(kernel.rates)[features.owner]
        self._known = features.of(points) * self._stretch
        covariance = kernel.variance * matern(squared_distances(self._known, self._known))[0]
        covariance[np.diag_indices_from(covariance)] = kernel.variance + kernel.noise
        self._root = linalg.cholesky(covariance, lower=True)
        self._whitening = linalg.solve_triangular(self._root, np.eye(len(values)), lower=True)
        self._weights = self._whitening.T @ (self._whitening @ values)

    def believing(self, running: Array) -> Surrogate:
        """As if running jobs had ended as it expects."""
        expected, _ = self.posterior(running)
        points, values = np.vstack([self.points, running]), np.concatenate([self.values, expected])
        return Surrogate(self.kernel, self.features, points, values)

    def posterior(self, points: Array) -> tuple[Array, Array]:
        """Mean and variance of the function at each point."""
        similar = matern(squared_distances(self.features.of(points) * self._stretch, self._known))[0]
        similar *= self.kernel.variance
        spread = similar @ self._whitening.T
        variance = self.kernel.variance - (spread * spread).sum(axis=1)
        return similar @ self._weights, np.maximum(variance, 1e-12)

    def posterior_with_gradient(self, points: Array) -> tuple[Array, Array, Array, Array]:
        """Mean, variance and their gradients; those for categories without an order mean nothing."""
        there = self.features.of(points) * self._stretch
        similar, slope = matern(squared_distances(there, self._known))
        similar, slope = self.kernel.variance * similar, self.kernel.variance * slope
        spread = similar @ self._whitening.T
        variance = np.maximum(self.kernel.variance - (spread * spread).sum(axis=1), 1e-12)
        of_mean = self._pull(slope * self._weights, there)
        of_variance = -2.0 * self._pull(slope * (spread @ self._whitening), there)
        return similar @ self._weights, variance, of_mean, of_variance

    def _pull(self, weights: Array, there: Array) -> Array:
        """The gradient of the sum of weights times squared distances to the known points."""
        pull = 2.0 * (weights.sum(axis=1)[:, None] * there - weights @ self._known) * self._stretch
        return self.features.gathered(pull)


def fit(features: Features, points: Array, values: Array) -> Kernel:
    """The covariance that explains the values best: it maximises the marginal likelihood times `log_prior`.

    Args:
        features: Of the space.
        points: Points of the unit cube, shape (values, ranges).
        values: Standardised values.
    """
    known, ranges = features.of(points), points.shape[1]

    def objective(raw: Array) -> tuple[float, Array]:
        return loss(raw, known, features.owner, values)

    found: Any = None
    for rate, variance, noise in STARTS:
        start = [rate] * ranges + [variance, noise]
        bounds = [BOUNDS[0]] * ranges + [*BOUNDS[1:]]
        ended = optimize.minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": 1e-2})
        if found is None or ended.fun < found.fun:
            found = ended
    raw = np.exp(found.x)
    return Kernel(raw[:-2], float(raw[-2]), float(raw[-1]) + LEAST_NOISE)


def drawn(kernel: Kernel, features: Features, points: Array, values: Array, *, count: int, seed: int) -> list[Kernel]:
    """Covariances that explain the values nearly as well as the best one.

    Drawn from a normal distribution around it in the logarithms of the parameters, with the curvature of the loss there
    (Laplace's approximation of their distribution given the values).

    Args:
        kernel: The best one, by `fit`.
        features: Of the space.
        points: Points of the unit cube, shape (values, ranges).
        values: Standardised values.
        count: How many.
        seed: Draws them.
    """
    known = features.of(points)
    best = np.log([*kernel.rates, kernel.variance, max(kernel.noise - LEAST_NOISE, 0.01 * LEAST_NOISE)])
    steps = 1e-3 * np.eye(len(best))
    middle = loss(best, known, features.owner, values)[1]
    curvature = np.array([(loss(best + s, known, features.owner, values)[1] - middle) / 1e-3 for s in steps])
    strengths, axes = np.linalg.eigh((curvature + curvature.T) / 2)
    draws = np.random.default_rng(seed).normal(size=(count, len(best)))
    low, high = np.array([BOUNDS[0]] * len(kernel.rates) + [*BOUNDS[1:]]).T
    found = np.exp(np.clip(best + (draws / np.sqrt(np.maximum(strengths, LEAST_CURVATURE))) @ axes.T, low, high))
    return [Kernel(row[:-2], float(row[-2]), float(row[-1]) + LEAST_NOISE) for row in found]


def loss(raw: Array, known: Array, owner: NDArray[np.int64], values: Array) -> tuple[float, Array]:
    """Minus the logarithm of likelihood times prior, and its gradient by the logarithms of the parameters."""
    rates, variance, noise = np.exp(raw[:-2]), np.exp(raw[-2]), np.exp(raw[-1])
    there = known * np.sqrt(rates)[owner]
    similar, slope = matern(squared_distances(there, there))
    covariance = variance * similar
    covariance[np.diag_indices_from(covariance)] = variance + noise + LEAST_NOISE
    root = linalg.cholesky(covariance, lower=True, check_finite=False)
    inverse = linalg.cho_solve((root, True), np.eye(len(values)), check_finite=False)
    weights = inverse @ values
    likelihood = -np.log(np.diag(root)).sum() - 0.5 * values @ weights
    pull = 0.5 * (np.outer(weights, weights) - inverse)
    by_distance = variance * pull * slope
    # The sum over all pairs of a weight times their squared difference in a coordinate.
    sums = 2.0 * ((by_distance.sum(axis=1) @ (there * there)) - (there * (by_distance @ there)).sum(axis=0))
    gradient = np.concatenate(
        [
            np.bincount(owner, sums, minlength=len(rates)),
            [variance * ((pull * similar).sum() - np.trace(pull * similar) + np.trace(pull)), noise * np.trace(pull)],
        ]
    )
    prior, prior_gradient = log_prior(rates, variance, noise + LEAST_NOISE)
    prior_gradient[-1] *= noise / (noise + LEAST_NOISE)
    return -(likelihood + prior), -(gradient + prior_gradient)


def log_prior(rates: Array, variance: float, noise: float) -> tuple[float, Array]:
    """The prior's logarithm up to a constant, and its gradient by the logarithms of the parameters."""
    value = -(0.1 / rates + 0.1 * rates).sum() + np.log(variance) - variance + 0.1 * np.log(noise) - 30 * noise
    return value, np.concatenate([0.1 / rates - 0.1 * rates, [1 - variance, 0.1 - 30 * noise]])


def thinned(values: Array, most: int) -> NDArray[np.int64]:
    """The places of at most that many values, evenly from the least to the largest, in the order in which they are."""
    if len(values) <= most:
        return np.arange(len(values))
    return np.sort(np.argsort(values, kind="stable")[np.linspace(0, len(values) - 1, most).round().astype(int)])
