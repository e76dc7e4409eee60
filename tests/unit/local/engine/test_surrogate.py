"""The surrogate, against scikit-learn's Gaussian process and against differences."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from infra.local.engine.strategies import Space
from infra.local.engine.strategies.space import CategoricalRange, ContinuousRange
from infra.local.engine.strategies.surrogate import (
    Array,
    Features,
    Kernel,
    Surrogate,
    drawn,
    fit,
    log_prior,
    loss,
    thinned,
)

NUMBERS = Space(tuple(ContinuousRange(name, 0.0, 1.0) for name in "abc"))
MIXED = Space(
    (ContinuousRange("a", 0.0, 1.0), CategoricalRange("b", ("x", "y", "z")), CategoricalRange("c", ("1", "2")))
)


def data(seed: int = 0, count: int = 20) -> tuple[Array, Array]:
    points = np.random.default_rng(seed).random((count, 3))
    return points, np.sin(5 * points[:, 0]) + points[:, 1] ** 2


def test_posterior_is_that_of_scikit_learn() -> None:
    points, values = data()
    kernel = Kernel(np.array([4.0, 1.0, 0.25]), 1.7, 0.01)
    peer = GaussianProcessRegressor(
        ConstantKernel(1.7) * Matern([0.5, 1.0, 2.0], nu=2.5), alpha=0.01, optimizer=None
    ).fit(points, values)
    others, _ = data(1)
    mean, variance = Surrogate(kernel, Features(NUMBERS), points, values).posterior(others)
    expected, deviation = peer.predict(others, return_std=True)
    assert mean == pytest.approx(expected, abs=1e-8)
    assert variance == pytest.approx(deviation**2, abs=1e-8)


def test_likelihood_is_that_of_scikit_learn() -> None:
    """Differences between two kernels, since the constant part is left out here."""
    points, values = data()
    features = Features(NUMBERS)

    def both(rates: list[float], variance: float, noise: float) -> tuple[float, float]:
        raw = np.log([*rates, variance, noise])
        value, _ = loss(raw, features.of(points), features.owner, values)
        scales = 1.0 / np.sqrt(rates)
        peer = GaussianProcessRegressor(
            ConstantKernel(variance) * Matern(scales, nu=2.5) + WhiteKernel(noise + 1e-6), alpha=0.0, optimizer=None
        ).fit(points, values)
        prior, _ = log_prior(np.array(rates), variance, noise + 1e-6)
        return -value - prior, peer.log_marginal_likelihood()

    ours, theirs = zip(both([4.0, 1.0, 0.25], 1.7, 0.01), both([0.5, 9.0, 2.0], 0.3, 0.2), strict=True)
    assert ours[0] - ours[1] == pytest.approx(theirs[0] - theirs[1])


@pytest.mark.parametrize("space", [NUMBERS, MIXED], ids=["numbers", "mixed"])
def test_gradient_of_the_fit(space: Space) -> None:
    points, values = data()
    features = Features(space)
    raw = np.array([0.3, -0.4, 1.1, 0.2, -3.0])
    _, gradient = loss(raw, features.of(points), features.owner, values)
    for i, part in enumerate(gradient):
        step = np.eye(5)[i] * 1e-6
        up, _ = loss(raw + step, features.of(points), features.owner, values)
        down, _ = loss(raw - step, features.of(points), features.owner, values)
        assert part == pytest.approx((up - down) / 2e-6, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("space", [NUMBERS, MIXED], ids=["numbers", "mixed"])
def test_gradient_of_the_posterior(space: Space) -> None:
    points, values = data()
    surrogate = Surrogate(Kernel(np.array([4.0, 1.0, 0.25]), 1.7, 0.01), Features(space), points, values)
    others, _ = data(1, 5)
    mean, variance, of_mean, of_variance = surrogate.posterior_with_gradient(others)
    for found, expected in zip((mean, variance), surrogate.posterior(others), strict=True):
        assert found == pytest.approx(expected)
    for i in range(3 if space is NUMBERS else 1):
        step = np.eye(3)[i] * 1e-6
        up, down = surrogate.posterior(others + step), surrogate.posterior(others - step)
        assert of_mean[:, i] == pytest.approx((up[0] - down[0]) / 2e-6, rel=1e-4, abs=1e-6)
        assert of_variance[:, i] == pytest.approx((up[1] - down[1]) / 2e-6, rel=1e-4, abs=1e-6)


def test_two_categories_are_as_far_from_each_other_as_the_ends_of_a_range() -> None:
    """Those without an order; the second ones are numbers, with places in their order."""
    points = np.array([[0.5, 1 / 6, 0.25], [0.5, 0.5, 0.25], [0.5, 5 / 6, 0.25], [0.5, 1 / 6, 0.75]])
    coordinates = Features(MIXED).of(points)
    distances = ((coordinates[:, None] - coordinates) ** 2).sum(axis=2)
    assert distances[:3, :3] == pytest.approx(1.0 - np.eye(3))
    assert distances[0, 3] == pytest.approx(0.25)


def test_fit_finds_what_matters() -> None:
    points, _ = data(count=40)
    values = np.sin(6 * points[:, 0])
    kernel = fit(Features(NUMBERS), points, (values - values.mean()) / values.std())
    assert kernel.rates[0] > 10 * max(kernel.rates[1:])
    assert kernel.noise < 0.01


def test_fit_finds_the_noise() -> None:
    points, values = data(count=80)
    values = values + np.random.default_rng(3).normal(0.0, 0.3, 80)
    deviation = values.std()
    kernel = fit(Features(NUMBERS), points, (values - values.mean()) / deviation)
    assert np.sqrt(kernel.noise) * deviation == pytest.approx(0.3, abs=0.15)


def test_believing_changes_no_expectation_but_the_doubt() -> None:
    points, values = data()
    surrogate = Surrogate(Kernel(np.array([4.0, 1.0, 0.25]), 1.0, 1e-4), Features(NUMBERS), points, values)
    running, _ = data(2, 2)
    mean, variance = surrogate.posterior(running)
    believed_mean, believed_variance = surrogate.believing(running).posterior(running)
    assert believed_mean == pytest.approx(mean, abs=1e-6)
    assert (believed_variance < variance / 2).all()


def test_thinned() -> None:
    values = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    assert thinned(values, 5).tolist() == [0, 1, 2, 3, 4]
    assert thinned(values, 3).tolist() == [0, 1, 4]
    assert thinned(values, 2).tolist() == [0, 1]


def test_drawn_covariances_vary_less_the_more_values_there_are() -> None:
    features, spreads = Features(NUMBERS), []
    for count in (8, 100):
        points, values = data(count=count)
        values = (values - values.mean()) / values.std()
        best = fit(features, points, values)
        kernels = drawn(best, features, points, values, count=100, seed=1)
        logarithms = np.log([k.rates for k in kernels])
        assert logarithms.mean(axis=0) == pytest.approx(np.log(best.rates), abs=0.6)
        spreads.append(logarithms.std(axis=0))
        again = drawn(best, features, points, values, count=100, seed=1)
        assert [k.rates.tolist() for k in again] == [k.rates.tolist() for k in kernels]
    assert (spreads[1] < 0.7 * spreads[0]).all()
