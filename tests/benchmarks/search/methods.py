"""The searches that are compared, each behind ask and tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from infra.local.engine.records import ParentTrial, TrainingJob, TuningJob
from infra.local.engine.strategies import Configuration, Space, hyperparameters
from infra.local.engine.strategies.space import LOGARITHMIC, REVERSE, CategoricalRange, IntegerRange, Range
from infra.local.engine.tuner import ask

from .problems import Ranges

if TYPE_CHECKING:
    import optuna


class Search(Protocol):
    """Proposes configurations and is told what came of them, in any order."""

    def ask(self) -> tuple[Any, Configuration]:
        """A handle and the next configuration."""
        ...

    def tell(self, handle: Any, value: float) -> None:
        """What the configuration of that handle has come to; smaller is better."""
        ...


class Engine:
    """This project's search: the engine's own way from its records to a configuration, without the processes.

    Args:
        ranges: `ParameterRanges` of the request.
        seed: `RandomSeed` of the request.
        strategy: The strategy's name in the request.
        warm_start: `WarmStartType` of the request.
        parents: What the parents of a warm start have found.
    """

    def __init__(
        self,
        ranges: Ranges,
        seed: int,
        *,
        strategy: str = "Bayesian",
        warm_start: str | None = None,
        parents: Sequence[ParentTrial] = (),
    ) -> None:
        request: dict[str, Any] = {
            "HyperParameterTuningJobConfig": {
                "Strategy": strategy,
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "value"},
                "ParameterRanges": ranges,
            },
            "TrainingJobDefinition": {},
        }
        if warm_start is not None:
            request["WarmStartConfig"] = {"WarmStartType": warm_start}
        self._job = TuningJob("search", "", request, seed, "InProgress", 0.0, 0.0, parents=tuple(parents))
        self._jobs: list[TrainingJob] = []

    def ask(self) -> tuple[int, Configuration]:
        """See Search."""
        (definition,) = self._job.definitions
        number = len(self._jobs) + 1
        chosen = ask(self._job, definition, self._jobs, number)
        if chosen is None:
            raise RuntimeError("the space is used up")
        tuned = hyperparameters(chosen)
        self._jobs.append(
            TrainingJob(f"search-{number}", "", "{}", "InProgress", "Training", 0.0, 0.0, number=number, tuned=tuned)
        )
        return number, chosen

    def tell(self, handle: int, value: float) -> None:
        """See Search."""
        ended = replace(self._jobs[handle - 1], status="Completed", objective_value=value)
        self._jobs[handle - 1] = ended

    @property
    def found(self) -> list[ParentTrial]:
        """What it has found, for a child's warm start."""
        return [
            ParentTrial(self._job.name, t.name, t.tuned, t.objective_value)
            for t in self._jobs
            if t.objective_value is not None
        ]


class Optuna:
    """A sampler of Optuna in a study in memory, as its users drive it."""

    def __init__(self, ranges: Ranges, sampler: optuna.samplers.BaseSampler) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._ranges = Space.of(ranges).ranges
        self._distributions = {r.name: self._distribution(r) for r in self._ranges}
        self._study = optuna.create_study(direction="minimize", sampler=sampler)

    def ask(self) -> tuple[optuna.trial.Trial, Configuration]:
        """See Search."""
        trial = self._study.ask(self._distributions)
        reverse = {r.name for r in self._ranges if _is_reverse(r)}
        return trial, {name: 1 - value if name in reverse else value for name, value in trial.params.items()}

    def tell(self, handle: optuna.trial.Trial, value: float) -> None:
        """See Search."""
        self._study.tell(handle, value)

    @staticmethod
    def _distribution(r: Range) -> optuna.distributions.BaseDistribution:
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if isinstance(r, CategoricalRange):
            return CategoricalDistribution(r.choices)
        if isinstance(r, IntegerRange):
            return IntDistribution(r.low, r.high, log=r.scaling == LOGARITHMIC)
        if _is_reverse(r):
            return FloatDistribution(1 - r.high, 1 - r.low, log=True)
        return FloatDistribution(r.low, r.high, log=r.scaling == LOGARITHMIC)


class SyneTune:
    """Syne Tune's Bayesian optimisation by BoTorch.

    As released, 0.16.0 fits its surrogate to configurations in the order of their start and to values in the order of
    their end: with parallel jobs they belong to different ones. Here both have the same order, which is the stronger
    peer; with one job at a time there is no difference.
    """

    def __init__(self, ranges: Ranges, seed: int) -> None:
        import numpy as np
        from syne_tune.optimizer.schedulers.ask_tell_scheduler import AskTellScheduler
        from syne_tune.optimizer.schedulers.searchers.botorch.botorch_searcher import BoTorchSearcher
        from syne_tune.optimizer.schedulers.single_objective_scheduler import SingleObjectiveScheduler

        class Aligned(BoTorchSearcher):  # type: ignore[misc]
            def _configs_with_results(self) -> list[Any]:
                return [self.trial_configs[i] for i in self.trial_observations]

        np.random.seed(seed)  # its first configurations are drawn from the global generator
        space = {r.name: self._domain(r) for r in Space.of(ranges).ranges}
        searcher = Aligned(space, random_seed=seed)
        scheduler = SingleObjectiveScheduler(space, metric="value", searcher=searcher, random_seed=seed)
        self._scheduler = AskTellScheduler(scheduler)

    def ask(self) -> tuple[Any, Configuration]:
        """See Search."""
        trial = self._scheduler.ask()
        return trial, dict(trial.config)

    def tell(self, handle: Any, value: float) -> None:
        """See Search."""
        self._scheduler.tell(handle, {"value": value})

    @staticmethod
    def _domain(r: Range) -> Any:
        from syne_tune import config_space as domains

        if isinstance(r, CategoricalRange):
            return domains.choice(list(r.choices))
        if isinstance(r, IntegerRange):
            return (domains.lograndint if r.scaling == LOGARITHMIC else domains.randint)(r.low, r.high)
        if _is_reverse(r):
            return domains.reverseloguniform(r.low, r.high)
        return (domains.loguniform if r.scaling == LOGARITHMIC else domains.uniform)(r.low, r.high)


def _is_reverse(r: Range) -> bool:
    return not isinstance(r, CategoricalRange) and r.scaling == REVERSE


def _random(ranges: Ranges, seed: int) -> Search:
    from optuna.samplers import RandomSampler

    return Optuna(ranges, RandomSampler(seed=seed))


def _tpe(ranges: Ranges, seed: int) -> Search:
    from optuna.samplers import TPESampler

    return Optuna(ranges, TPESampler(seed=seed, multivariate=True, constant_liar=True))


def _gp(ranges: Ranges, seed: int) -> Search:
    from optuna.samplers import GPSampler

    return Optuna(ranges, GPSampler(seed=seed))


OURS = "ours"

METHODS: dict[str, Callable[[Ranges, int], Search]] = {
    "Optuna Random": _random,
    "Optuna TPE": _tpe,
    OURS: Engine,
    "Optuna GP": _gp,
    "Syne Tune": SyneTune,
}
"""The cheapest first."""
