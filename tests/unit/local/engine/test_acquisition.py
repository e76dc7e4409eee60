"""The expected improvement, and the search for its largest value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from infra.local.engine.strategies import Space
from infra.local.engine.strategies.acquisition import ExpectedImprovement, Maximizer, log_improvement
from infra.local.engine.strategies.scales import from_unit, to_unit
from infra.local.engine.strategies.space import CategoricalRange, ContinuousRange, IntegerRange
from infra.local.engine.strategies.surrogate import Array, Features, Kernel, Surrogate

DISCRETE = Space(
    (
        IntegerRange("few", 1, 5),
        IntegerRange("many", 1, 60, "Logarithmic"),
        CategoricalRange("kind", ("x", "y", "z")),
        CategoricalRange("size", ("8", "16", "32")),
    )
)
MIXED = Space((ContinuousRange("a", 0.0, 1.0), ContinuousRange("b", 0.0, 1.0), *DISCRETE.ranges))


def improvement(space: Space, seed: int, count: int = 25) -> ExpectedImprovement:
    draws = np.random.default_rng(seed)
    shares = draws.random((count, len(space.ranges)))
    points = np.array([[to_unit(r, from_unit(r, u)) for r, u in zip(space.ranges, row, strict=True)] for row in shares])
    values = -((points - 0.4) ** 2).sum(axis=1)
    values = (values - values.mean()) / values.std()
    surrogates = []
    for _ in range(2):
        rates = draws.uniform(0.5, 6.0, len(space.ranges))
        surrogates.append(Surrogate(Kernel(rates, 1.0, 1e-4), Features(space), points, values))
    return ExpectedImprovement(surrogates, values.max())


def middle(space: Space) -> Array:
    return np.array([[to_unit(r, from_unit(r, 0.5)) for r in space.ranges]])


@pytest.mark.parametrize("z", [3.0, 0.5, 0.0, -0.999, -1.0, -1.001, -2.5, -6.0])
def test_improvement_is_the_integral(z: float) -> None:
    expected, _ = integrate.quad(lambda x: max(0.0, z + x) * stats.norm.pdf(x), -z, 40.0, epsabs=0, epsrel=1e-10)
    value, slope = log_improvement(np.array([z]))
    assert value[0] == pytest.approx(math.log(expected), rel=1e-6)
    assert slope[0] == pytest.approx(stats.norm.cdf(z) / expected, rel=1e-6)


def test_improvement_far_below_is_finite_and_rises() -> None:
    z = -np.logspace(0, 12, 200)
    value, slope = log_improvement(z)
    assert np.isfinite(value).all()
    assert (np.diff(value) < 0).all()
    assert slope == pytest.approx(np.maximum(slope, 0.0))
    assert slope[100:] == pytest.approx(-z[100:], rel=1e-3)


def test_average_over_surrogates() -> None:
    both = improvement(MIXED, 1)
    points = np.random.default_rng(2).random((6, 6))
    each = [ExpectedImprovement([s], both._best)(points) for s in both._surrogates]
    assert both(points) == pytest.approx(np.log((np.exp(each[0]) + np.exp(each[1])) / 2))


def test_gradient() -> None:
    function = improvement(MIXED, 1)
    points = np.random.default_rng(2).random((6, 6))
    values, gradient = function.with_gradient(points)
    assert values == pytest.approx(function(points))
    for i in (0, 1):
        step = np.eye(6)[i] * 1e-6
        expected = (function(points + step) - function(points - step)) / 2e-6
        assert gradient[:, i] == pytest.approx(expected, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_the_best_of_a_countable_space(seed: int) -> None:
    """As good as the best of all 2,700 points."""
    function = improvement(DISCRETE, seed)
    every = np.array([[to_unit(r, c[r.name]) for r in DISCRETE.ranges] for c in DISCRETE.configurations()])
    found = Maximizer(DISCRETE, seed=seed).maximize(function, also=middle(DISCRETE))
    assert float(function(found[None])[0]) == pytest.approx(float(function(every).max()), abs=1e-9)
    assert np.abs(every - found).max(axis=1).min() < 1e-9


@pytest.mark.parametrize("seed", range(4))
def test_nothing_near_is_better_in_a_mixed_space(seed: int) -> None:
    function = improvement(MIXED, seed)
    found = Maximizer(MIXED, seed=seed).maximize(function, also=middle(MIXED))
    shares = np.random.default_rng(seed).random((20_000, 6))
    shares[::2, :2] = np.clip(found[:2] + 0.05 * (shares[::2, :2] - 0.5), 0.0, 1.0)
    shares[::4, 2:] = found[2:]
    for i, r in enumerate(MIXED.ranges[2:], start=2):
        shares[:, i] = [to_unit(r, from_unit(r, u)) for u in shares[:, i]]
    assert float(function(found[None])[0]) >= function(shares).max() - 1e-3


def test_same_seed_same_point() -> None:
    function = improvement(MIXED, 1)
    first, second = (Maximizer(MIXED, seed=5).maximize(function, also=middle(MIXED)) for _ in range(2))
    assert first.tolist() == second.tolist()
