"""How much each hyperparameter matters for the objective, by Optuna's evaluator."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from infra.report.search_space import Hyperparameter, RangeKind, Scale, Value
from infra.report.snapshot import TrainingJob, TuningJobSnapshot

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

FEWEST = 10
"""Training jobs with an objective below which shares of importance would be noise."""


def importances(snapshot: TuningJobSnapshot) -> dict[str, float]:
    """Estimate the share of each hyperparameter in how good training jobs become, most important first.

    PED-ANOVA (Watanabe, Bansal and Hutter, 2023) compares where the better training jobs lie with where all of them
    lie. It is empty with fewer than 10 training jobs, and for hyperparameters that took one value only.
    """
    space = {one.name: one for one in snapshot.hyperparameters if _varies(snapshot, one)}
    jobs = [job for job in snapshot.compared if _fits(job, space)]
    if len(jobs) < FEWEST or not space:
        return {}
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.logging.disable_default_handler()  # a report is no place for the news of a study
        study = optuna.create_study(direction="maximize" if snapshot.objective.maximize else "minimize")
        distributions = {name: _distribution(one, jobs) for name, one in space.items()}
        for job in jobs:
            params = {name: job.hyperparameters[name] for name in space}
            study.add_trial(optuna.create_trial(params=params, distributions=distributions, value=job.objective))
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in sorted(found.items(), key=lambda item: -item[1])}


def _varies(snapshot: TuningJobSnapshot, one: Hyperparameter) -> bool:
    return len({job.hyperparameters[one.name] for job in snapshot.compared if one.name in job.hyperparameters}) > 1


def _fits(job: TrainingJob, space: dict[str, Hyperparameter]) -> bool:
    """Whether the training job has every hyperparameter, of its kind; jobs of other definitions may lack some."""
    return all(
        isinstance(job.hyperparameters.get(name), str if one.kind is RangeKind.CATEGORICAL else int | float)
        for name, one in space.items()
    )


def _distribution(one: Hyperparameter, jobs: list[TrainingJob]) -> BaseDistribution:
    """Describe the range to Optuna, wide enough for every value that occurs."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    values: list[Value] = [job.hyperparameters[one.name] for job in jobs]
    if one.kind is RangeKind.CATEGORICAL:
        return CategoricalDistribution(list(dict.fromkeys([*one.categories, *map(str, values)])))
    numbers = [value for value in values if isinstance(value, int | float)]
    ends = [*numbers, *(end for end in (one.minimum, one.maximum) if end is not None)]
    logarithmic = one.scale is Scale.LOGARITHMIC and min(ends) > 0
    if one.kind is RangeKind.INTEGER:
        return IntDistribution(int(min(ends)), int(max(ends)), log=logarithmic)
    return FloatDistribution(min(ends), max(ends), log=logarithmic)
