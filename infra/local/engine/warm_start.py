"""Warm start: what a tuning job takes over from its parents.

All of the parents' training jobs with an objective value are kept with the child when it is created. Those whose
values lie within the child's ranges enter its search; a value may come from a hyperparameter that was static there.
Parents of parents do not count.

IdenticalDataAndAlgorithm: objective values count as they are, and no configuration of a parent is tried again.
TransferLearning: other data move the objective, so each parent's values are shifted until their median is that of the
child's own, once it has some; configurations may be tried again. (How SageMaker does it is not published.)
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .records import ParentTrial, Request, TuningJob
from .store import Store
from .strategies import Observation, Space, fitting

IDENTICAL = "IdenticalDataAndAlgorithm"


def parent_trials(store: Store, request: Request) -> tuple[ParentTrial, ...]:
    """What the parents that a CreateHyperParameterTuningJob request names have found.

    Raises:
        NoSuchJobError: A parent is not there.
    """
    parents = request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", [])
    jobs = [store.tuning_job(parent["HyperParameterTuningJobName"]) for parent in parents]
    return tuple(
        ParentTrial(job.name, t.name, t.request["HyperParameters"], t.objective_value)
        for job in jobs
        for t in store.training_jobs(job.name)
        if t.objective_value is not None
    )


def prior(job: TuningJob, space: Space, own: Sequence[Observation]) -> list[Observation]:
    """The parents' training jobs as the child's search sees them.

    Args:
        job: The child.
        space: Its search space.
        own: Its own finished training jobs.
    """
    if not job.parents or job.config["Strategy"] == "Grid":  # a grid tries all of its combinations
        return []
    identical = job.warm_start_type == IDENTICAL
    shifts = {} if identical else _shifts(job.parents, own)
    found = []
    for trial in job.parents:
        configuration = fitting(space, trial.hyperparameters)
        if configuration is not None:
            found.append(Observation(configuration, trial.value + shifts.get(trial.tuning_job, 0.0), tried=identical))
    return found


def _shifts(parents: Sequence[ParentTrial], own: Sequence[Observation]) -> dict[str, float]:
    """What to add to each parent's values; without values of the child's own the first parent's median counts."""
    values: dict[str, list[float]] = {}
    for trial in parents:
        values.setdefault(trial.tuning_job, []).append(trial.value)
    medians = {name: median(found) for name, found in values.items()}
    known = [o.value for o in own if o.value is not None]
    level = median(known) if known else next(iter(medians.values()))
    return {name: level - middle for name, middle in medians.items()}
