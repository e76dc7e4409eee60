"""What every strategy promises, checked on each."""

from __future__ import annotations

import math
import random
import subprocess
import sys
import warnings
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.engine.strategies import (
    BayesianStrategy,
    Configuration,
    GridStrategy,
    Observation,
    RandomStrategy,
    Space,
    Strategy,
    derived_seed,
    hyperparameters,
    make_strategy,
)
from infra.local.engine.strategies.space import CategoricalRange, ContinuousRange, IntegerRange

MIXED = Space(
    (
        ContinuousRange("rate", 1e-5, 1e-1, "Logarithmic"),
        ContinuousRange("keep", 0.5, 0.999, "ReverseLogarithmic"),
        IntegerRange("size", 1, 512, "Logarithmic"),
        IntegerRange("depth", -2, 4),
        CategoricalRange("kind", ("adam", "sgd", "rmsprop")),
    )
)
SMALL = Space((CategoricalRange("a", ("x", "y", "z")), CategoricalRange("b", ("1", "2"))))

Make = Callable[[int], Strategy]
ALL = [
    pytest.param(lambda seed: BayesianStrategy(seed=seed, maximize=False), id="Bayesian"),
    pytest.param(lambda seed: RandomStrategy(seed=seed), id="Random"),
    pytest.param(lambda seed: GridStrategy(), id="Grid"),
]
SAMPLED = ALL[:2]


def loss(c: Configuration) -> float:
    return (math.log10(float(c["rate"])) + 2.5) ** 2 + abs(float(c["depth"]) - 2) + (c["kind"] != "sgd")


def search(strategy: Strategy, space: Space, jobs: int, score: Callable[[Configuration], float]) -> list[Configuration]:
    history: list[Observation] = []
    for number in range(1, jobs + 1):
        chosen = strategy.ask(space, history, [], number)
        if chosen is None:
            break
        history.append(Observation(chosen, score(chosen)))
    return [o.configuration for o in history]


@pytest.mark.parametrize("make", ALL)
def test_small_space_is_used_up_without_a_repeat(make: Make) -> None:
    chosen = search(make(1), SMALL, 10, lambda c: float(c["a"] == "y"))
    assert len(chosen) == 6
    assert {tuple(sorted(c.items())) for c in chosen} == {(("a", a), ("b", b)) for a in "xyz" for b in "12"}


@pytest.mark.parametrize("make", SAMPLED)
def test_same_seed_gives_the_same_search_bit_for_bit(make: Make) -> None:
    first = [hyperparameters(c) for c in search(make(11), MIXED, 6, loss)]
    assert first == [hyperparameters(c) for c in search(make(11), MIXED, 6, loss)]
    assert first != [hyperparameters(c) for c in search(make(12), MIXED, 6, loss)]


@pytest.mark.parametrize("make", SAMPLED)
def test_search_goes_on_from_the_record_alone(make: Make) -> None:
    chosen = search(make(5), MIXED, 6, loss)
    history = [Observation(c, loss(c)) for c in chosen[:5]]
    assert make(5).ask(MIXED, history, [], 6) == chosen[5]


@pytest.mark.parametrize("make", SAMPLED)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31 - 1))
def test_values_are_within_bounds(make: Make, seed: int) -> None:
    for c in search(make(seed), MIXED, 5, loss):
        for r in MIXED.ranges:
            value = c[r.name]
            if isinstance(r, CategoricalRange):
                assert value in r.choices
            else:
                assert not isinstance(value, str)
                assert r.low <= value <= r.high
                assert isinstance(value, int) == isinstance(r, IntegerRange)


@pytest.mark.parametrize("make", ALL)
def test_running_configurations_are_not_chosen_again(make: Make) -> None:
    running: list[Configuration] = []
    for number in range(1, 7):
        chosen = make(3).ask(SMALL, [], running, number)
        assert chosen is not None
        assert chosen not in running
        running.append(chosen)
    assert make(3).ask(SMALL, [], running, 7) is None


@pytest.mark.parametrize("make", ALL)
def test_failed_jobs_count_as_tried(make: Make) -> None:
    tried = [Observation({"a": a, "b": b}, None) for a in "xy" for b in "12"]
    chosen = make(3).ask(SMALL, tried, [], 5)
    assert chosen is not None
    assert chosen["a"] == "z"


def test_bayesian_search_finds_a_better_region_than_random() -> None:
    def late(strategy: Strategy) -> float:
        return sum(loss(c) for c in search(strategy, MIXED, 14, loss)[8:])

    assert late(BayesianStrategy(seed=2, maximize=False)) < late(RandomStrategy(seed=2))


def test_bayesian_maximizes() -> None:
    space = Space((ContinuousRange("x", 0.0, 1.0),))
    chosen = search(BayesianStrategy(seed=4, maximize=True), space, 11, lambda c: float(c["x"]))
    assert max(float(c["x"]) for c in chosen[8:]) > 0.98


def test_bayesian_spreads_out_from_running_jobs() -> None:
    history = [Observation(c, loss(c)) for c in search(RandomStrategy(seed=1), MIXED, 8, loss)]
    strategy = BayesianStrategy(seed=1, maximize=False)
    alone = strategy.ask(MIXED, history, [], 9)
    assert alone is not None
    assert strategy.ask(MIXED, history, [alone], 9) != alone


def test_bayesian_search_with_running_jobs_depends_on_nothing_else() -> None:
    history = [Observation(c, loss(c)) for c in search(RandomStrategy(seed=1), MIXED, 8, loss)]
    running = search(RandomStrategy(seed=2), MIXED, 3, loss)
    chosen = [BayesianStrategy(seed=1, maximize=False).ask(MIXED, history, running, 12) for _ in range(2)]
    assert chosen[0] == chosen[1]


def test_running_jobs_count_as_expected() -> None:
    """A job runs where the surrogate expects the optimum: the next one looks elsewhere, but near the best ones."""
    space = Space((ContinuousRange("x", 0.0, 1.0),))
    history = [Observation({"x": x / 10}, (x / 10 - 0.42) ** 2) for x in range(0, 11, 2)]
    strategy = BayesianStrategy(seed=1, maximize=False)
    running: list[Configuration] = [{"x": 0.95}, {"x": 0.05}]
    alone = strategy.ask(space, history, running, 9)
    assert alone is not None
    beside = strategy.ask(space, history, [*running, alone], 9)
    assert beside is not None
    assert abs(float(beside["x"]) - float(alone["x"])) > 0.001
    assert all(0.2 < float(c["x"]) < 0.64 for c in (alone, beside))


def test_bayesian_search_begins_spread_over_the_space() -> None:
    """Parents' jobs stand for first ones of its own."""
    space = Space((ContinuousRange("x", 0.0, 1.0),))
    strategy = BayesianStrategy(seed=1, maximize=False)
    chosen = [float(c["x"]) for c in search(strategy, space, 8, lambda c: float(c["x"]))]
    assert sorted(int(8 * x) for x in chosen) == list(range(8))
    parents = [Observation({"x": x / 10}, x / 10, tried=False) for x in range(1, 9)]
    first = strategy.ask(space, parents, [], 1)
    assert first is not None
    assert float(first["x"]) < 0.05


def test_reverse_logarithmic_draws_are_dense_at_the_upper_end() -> None:
    space = Space((ContinuousRange("x", 0.0, 0.9999, "ReverseLogarithmic"),))
    values = sorted(float(c["x"]) for c in search(RandomStrategy(seed=1), space, 60, lambda c: 0.0))
    # -log(1 - x) is uniform on (0, log 10^4): half of the values lie above 0.99.
    assert 15 < sum(v > 0.99 for v in values) < 45


def test_the_number_of_threads_does_not_change_the_choice() -> None:
    from threadpoolctl import threadpool_info, threadpool_limits

    history = [Observation(c, loss(c)) for c in search(RandomStrategy(seed=1), MIXED, 100, loss)]
    chosen = []
    for number in (1, 2):
        with threadpool_limits(number):
            chosen.append(BayesianStrategy(seed=1, maximize=True).ask(MIXED, history, [], 101))
            assert {pool["num_threads"] for pool in threadpool_info()} == {number}
    assert chosen[0] == chosen[1]


@pytest.mark.parametrize("value", [0.0, -2.5, 1e300])
def test_bayesian_search_goes_on_where_all_jobs_are_alike(value: float) -> None:
    history = [Observation(c, value) for c in search(RandomStrategy(seed=1), MIXED, 9, loss)]
    chosen = BayesianStrategy(seed=1, maximize=False).ask(MIXED, history, [], 10)
    assert chosen is not None
    assert chosen not in [o.configuration for o in history]


def test_bayesian_search_bears_extreme_values() -> None:
    history = [Observation({"x": x / 10}, value) for x, value in enumerate([1e308, -1e308, 3.0, 1e-300, 2.0, 1.0])]
    space = Space((ContinuousRange("x", 0.0, 1.0),))
    for maximize in (False, True):
        chosen = BayesianStrategy(seed=1, maximize=maximize).ask(space, [*history, *history[2:]], [], 11)
        assert chosen is not None


def test_bayesian_search_over_a_range_of_a_billion_numbers() -> None:
    space = Space((IntegerRange("n", 1, 10**9), CategoricalRange("kind", ("a", "b"))))
    chosen = search(BayesianStrategy(seed=2, maximize=False), space, 20, lambda c: abs(float(c["n"]) / 1e9 - 0.3))
    assert min(abs(float(c["n"]) / 1e9 - 0.3) for c in chosen[8:]) < 0.01


def test_bayesian_search_after_many_jobs_of_parents() -> None:
    """Of thousands of values not all are used, but among them the best, and the choice is near it."""
    space = Space((ContinuousRange("x", 0.0, 1.0), ContinuousRange("y", 0.0, 1.0)))
    draws = random.Random(1)
    parents: list[Configuration] = [{"x": draws.random(), "y": draws.random()} for _ in range(1500)]
    history = [Observation(c, (float(c["x"]) - 0.3) ** 2 + (float(c["y"]) - 0.6) ** 2, tried=False) for c in parents]
    chosen = BayesianStrategy(seed=1, maximize=False).ask(space, history, [], 1)
    assert chosen is not None
    assert abs(float(chosen["x"]) - 0.3) + abs(float(chosen["y"]) - 0.6) < 0.05


def test_categories_that_are_numbers_are_searched_in_their_order() -> None:
    """From the values at the ends the surrogate concludes where between them the best one lies."""
    sizes = ("64", "8", "2048", "16", "1", "128", "2", "32", "256", "4", "512", "1024")
    space = Space((CategoricalRange("batch", sizes),))
    tried = {size: (math.log2(float(size)) - 5.4) ** 2 for size in ("1", "2", "4", "8", "256", "512", "1024", "2048")}
    history = [Observation({"batch": size}, value) for size, value in tried.items()]
    for seed in range(3):
        chosen = BayesianStrategy(seed=seed, maximize=False).ask(space, history, [], 9)
        assert chosen is not None
        assert chosen["batch"] in ("32", "64")


@pytest.mark.parametrize("make", SAMPLED)
def test_categories_are_returned_as_they_are_written(make: Make) -> None:
    rates = ("1e-3", "0.1", "1E-2", "+1")
    space = Space((CategoricalRange("rate", rates), CategoricalRange("kind", ("a", "b"))))
    chosen = search(make(1), space, 9, lambda c: float(c["rate"]))
    assert sorted(str(c["rate"]) for c in chosen) == sorted(2 * rates)


def test_one_exploded_job_does_not_hide_the_others() -> None:
    """The loss of some jobs is enormous; the optimum among the rest is found all the same."""
    space = Space((ContinuousRange("x", 0.0, 1.0),))

    def exploding(c: Configuration) -> float:
        x = float(c["x"])
        return 1e6 if x > 0.8 else (x - 0.3) ** 2

    chosen = search(BayesianStrategy(seed=3, maximize=False), space, 14, exploding)
    assert min(abs(float(c["x"]) - 0.3) for c in chosen[4:]) < 0.02


def test_no_warning_and_no_output() -> None:
    program = (
        "from infra.local.engine.strategies import BayesianStrategy, Observation, Space\n"
        "from infra.local.engine.strategies.space import ContinuousRange\n"
        "space = Space((ContinuousRange('x', 0.0, 1.0),))\n"
        "history = [Observation({'x': i / 10}, i * 1.0) for i in range(6)]\n"
        "assert BayesianStrategy(seed=1, maximize=True).ask(space, history, [{'x': 0.55}], 7)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_ask_raises_no_warnings_here_either() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert RandomStrategy(seed=1).ask(MIXED, [], [], 1) is not None


def test_derived_seeds() -> None:
    seeds = {derived_seed(seed, number, draw) for seed in range(3) for number in range(10) for draw in range(3)}
    assert len(seeds) == 90
    assert all(0 <= s < 2**32 for s in seeds)


@pytest.mark.parametrize("name", ["Bayesian", "Random", "Grid"])
def test_make_strategy(name: str) -> None:
    assert type(make_strategy(name, seed=1, maximize=True)).__name__ == f"{name}Strategy"


def test_make_strategy_refuses_others() -> None:
    with pytest.raises(
        ValueError, match=r"^strategy must be one of Bayesian, Grid, Hyperband, Random; got 'Annealing'$"
    ):
        make_strategy("Annealing", seed=1, maximize=True)
