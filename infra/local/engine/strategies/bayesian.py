"""Bayesian search: a Gaussian process over the finished jobs, aware of the running ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .base import Observation, Taken, derived_seed
from .design import spread
from .objective import tempered
from .random import draw
from .scales import from_unit, to_unit
from .space import Configuration, Space

if TYPE_CHECKING:
    from .surrogate import Array

STARTUP = 8
"""Jobs, parents' and running ones included, before the surrogate chooses; they are spread over the space. SageMaker
publishes no number; few jobs are the rule in tuning, so each of these costs dearly."""

LEAST_VALUES = 4
"""Finished jobs with an objective value that the surrogate needs."""

FITTED, CONDITIONED = 150, 1000
"""Values from which the surrogate's parameters are concluded at most, and that it knows at most; of more, as parents
may bring with them, an even choice from the worst to the best. The time grows with the cube of their number."""

SURROGATES, COMPUTED = 3, 300
"""Over how many surrogates the expected improvement is averaged, and how many values all of them know together at most:
the more values there are, the less their explanations differ."""


class BayesianStrategy:
    """Expected improvement under Gaussian processes.

    One process with the likeliest parameters alone would be too sure of itself: of few values it soon concludes that
    some range does not matter, and never looks there again. The average is over several that are about as likely.

    The first jobs are spread over the space. The surrogate sees the objective values tempered (`objective`), categories
    that are numbers in their order, and running jobs as if they had ended as it expects. Where it proposes a
    configuration that was tried before, as it may in small spaces, a random one replaces it.

    Args:
        seed: The tuning job's RandomSeed. With one job at a time the same seed and results give the same
            configurations, bit for bit.
        maximize: Whether larger objective values are better.
    """

    def __init__(self, *, seed: int, maximize: bool) -> None:
        self._seed = seed
        self._maximize = maximize

    def ask(
        self, space: Space, history: Sequence[Observation], running: Sequence[Configuration], number: int
    ) -> Configuration | None:
        """See Strategy."""
        taken = Taken(history, running)
        if taken.exhausts(space):
            return None
        values = sum(o.value is not None for o in history)
        if values < LEAST_VALUES or values + len(running) < STARTUP:
            chosen = spread(space, seed=self._seed, number=number)
        else:
            chosen = self._propose(space, history, running, number)
        return draw(space, taken, seed=self._seed, number=number) if chosen in taken else chosen

    def _propose(
        self, space: Space, history: Sequence[Observation], running: Sequence[Configuration], number: int
    ) -> Configuration:
        from threadpoolctl import threadpool_limits

        from .acquisition import ExpectedImprovement, Maximizer
        from .surrogate import Features, Surrogate, drawn, fit, thinned

        found = [(o.configuration, o.value) for o in history if o.value is not None]
        points, values = _points(space, [c for c, _ in found]), self._standardised([v for _, v in found])
        # Small computations gain nothing from threads, and their number has a part in the last bits of a result.
        with threadpool_limits(1):
            features, few, many = Features(space), thinned(values, FITTED), thinned(values, CONDITIONED)
            kernel = fit(features, points[few], values[few])
            kernels = [kernel]
            if (count := min(SURROGATES, COMPUTED // len(many))) > 1:
                draws = derived_seed(self._seed, number, 1)
                kernels = drawn(kernel, features, points[few], values[few], count=count, seed=draws)
            surrogates = [Surrogate(k, features, points[many], values[many]) for k in kernels]
            if running:
                places = _points(space, running)
                surrogates = [s.believing(places) for s in surrogates]
            best = int(values.argmax())
            maximizer = Maximizer(space, seed=derived_seed(self._seed, number))
            chosen = maximizer.maximize(ExpectedImprovement(surrogates, values[best]), also=points[[best]])
        return {r.name: from_unit(r, float(share)) for r, share in zip(space.ranges, chosen, strict=True)}

    def _standardised(self, found: Sequence[float]) -> Array:
        """The values with mean 0 and variance 1; larger ones are better."""
        import numpy as np

        largest = max(map(abs, found)) or 1.0
        values = np.array(tempered([v / largest for v in found], maximize=self._maximize))
        better: Array = values - values.mean() if self._maximize else values.mean() - values
        return better / (float(better.std()) or 1.0)


def _points(space: Space, configurations: Sequence[Configuration]) -> Array:
    """Configurations as points of the unit cube, shape (configurations, ranges)."""
    import numpy as np

    return np.array([[to_unit(r, c[r.name]) for r in space.ranges] for c in configurations])
