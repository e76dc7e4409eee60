"""Between our spaces and Optuna's studies. Imports Optuna at first use: it takes a second, and torch with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .base import Observation
from .space import LOGARITHMIC, REVERSE, CategoricalRange, Configuration, ContinuousRange, IntegerRange, Range, Space

if TYPE_CHECKING:
    import optuna


def suggest(
    sampler: optuna.samplers.BaseSampler,
    space: Space,
    history: Sequence[Observation],
    running: Sequence[Configuration],
    *,
    maximize: bool,
) -> Configuration:
    """One suggestion of a sampler that is told the whole history.

    The study is built in memory from our records each time, in their order, so that the suggestion depends on nothing
    else. Failed jobs are left out: they have no value, and samplers for COMPLETE trials would need one.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize" if maximize else "minimize", sampler=sampler)
    distributions = _distributions(space)
    state = optuna.trial.TrialState
    for observation in history:
        if observation.value is not None:
            params = _internal(space, observation.configuration)
            study.add_trial(
                optuna.create_trial(
                    state=state.COMPLETE, params=params, distributions=distributions, value=observation.value
                )
            )
    for one in running:
        params = _internal(space, one)
        study.add_trial(optuna.create_trial(state=state.RUNNING, params=params, distributions=distributions))
    return _external(space, study.ask(distributions).params)


def _distributions(space: Space) -> dict[str, optuna.distributions.BaseDistribution]:
    return {r.name: _distribution(r) for r in space.ranges}


def _distribution(r: Range) -> optuna.distributions.BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(r, CategoricalRange):
        return CategoricalDistribution(r.choices) if r.ordered is None else IntDistribution(0, len(r.choices) - 1)
    if isinstance(r, IntegerRange):
        return IntDistribution(r.low, r.high, log=r.scaling == LOGARITHMIC)
    if r.scaling == REVERSE:
        return FloatDistribution(_reverse(r.low), _reverse(r.high))
    return FloatDistribution(r.low, r.high, log=r.scaling == LOGARITHMIC)


def _internal(space: Space, configuration: Configuration) -> dict[str, Any]:
    """As Optuna sees it: reverse-logarithmic ranges are uniform in -log(1 - x), categories that are numbers are places
    in their order, so that a surrogate takes neighbours for similar."""
    values: dict[str, Any] = dict(configuration)
    for r in space.ranges:
        if isinstance(r, ContinuousRange) and r.scaling == REVERSE:
            values[r.name] = _clip(_reverse(values[r.name]), _reverse(r.low), _reverse(r.high))
        elif isinstance(r, CategoricalRange) and r.ordered is not None:
            values[r.name] = r.ordered.index(values[r.name])
    return values


def _external(space: Space, params: Mapping[str, Any]) -> Configuration:
    configuration: Configuration = {}
    for r in space.ranges:
        value = params[r.name]
        if isinstance(r, IntegerRange):
            configuration[r.name] = int(value)
        elif isinstance(r, ContinuousRange):
            number = -math.expm1(-value) if r.scaling == REVERSE else float(value)
            configuration[r.name] = _clip(float(number), r.low, r.high)
        else:
            configuration[r.name] = value if r.ordered is None else r.ordered[value]
    return configuration


def _reverse(x: float) -> float:
    return -math.log1p(-x)


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
