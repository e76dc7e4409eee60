"""Hyperband: configurations are random, and running jobs that promise little are stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .base import derived_seed

if TYPE_CHECKING:
    import optuna

REDUCTION_FACTOR = 3
MOST_RESOURCE = 20_000

RESOURCE_HYPERPARAMETERS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
"""Static hyperparameters from which MaxResource is taken where the request names none, in this order."""


@dataclass(frozen=True)
class Resources:
    """How many values of the objective a training job may emit; one emission is one unit."""

    least: int
    most: int
    inferred: bool = False
    """Whether the program itself ends at `most`, because it was taken from its own hyperparameter."""

    @classmethod
    def of(cls, config: Mapping[str, Any], static: Mapping[str, str]) -> Resources:
        """The resources of a tuning job's configuration and a definition's static hyperparameters.

        Raises:
            ValueError: They are not known, out of order or too many; the text says which.
        """
        given = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
        least, most = given.get("MinResource", 1), given.get("MaxResource")
        inferred = most is None
        if most is None:
            most = _number_of_epochs(static)
        if most > MOST_RESOURCE:
            raise ValueError(f"MaxResource of strategy Hyperband must be at most {MOST_RESOURCE}, got {most}.")
        if least > most:
            raise ValueError(f"MinResource of strategy Hyperband must not exceed MaxResource, got {least} and {most}.")
        return cls(least, most, inferred)


def _number_of_epochs(static: Mapping[str, str]) -> int:
    for name in RESOURCE_HYPERPARAMETERS:
        if name in static:
            if static[name].strip().isdecimal() and int(static[name]) > 0:
                return int(static[name])
            raise ValueError(
                f"MaxResource of strategy Hyperband cannot be taken from the static hyperparameter {name!r}: it must "
                f"be a whole number above 0, got {static[name]!r}."
            )
    raise ValueError(
        "MaxResource of strategy Hyperband must be given, or one of the static hyperparameters "
        f"{', '.join(RESOURCE_HYPERPARAMETERS)}."
    )


class HyperbandJudge:
    """Says which running jobs are to be stopped, by Optuna's HyperbandPruner.

    Tell it the values of all training jobs in the order of time: the same values in the same order give the same
    verdicts, so that a judge made anew from the record goes on where the last one was.

    Args:
        resources: When a job may be stopped at the earliest, and when it is at the latest.
        seed: The tuning job's RandomSeed; decides which job belongs to which bracket.
        maximize: Whether larger values are better.
    """

    def __init__(self, resources: Resources, *, seed: int, maximize: bool) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._resources = resources
        self._study = optuna.create_study(
            study_name=f"hyperband-{derived_seed(seed, 0)}",
            direction="maximize" if maximize else "minimize",
            sampler=optuna.samplers.RandomSampler(seed=0),  # never asked for a value
            pruner=optuna.pruners.HyperbandPruner(resources.least, resources.most, REDUCTION_FACTOR),
        )
        self._trials: list[optuna.trial.Trial] = []
        self._emitted: dict[int, int] = {}
        self._stopped: set[int] = set()

    def stops(self, number: int, value: float) -> bool:
        """Whether a job is to be stopped after its next value.

        Args:
            number: Counts the jobs from 1; the bracket follows from it.
            value: The objective's next value.
        """
        if number in self._stopped:
            return True
        while len(self._trials) < number:
            self._trials.append(self._study.ask())
        emitted = self._emitted[number] = self._emitted.get(number, 0) + 1
        trial = self._trials[number - 1]
        trial.report(value, emitted)
        at_the_end = emitted >= self._resources.most
        stops = not self._resources.inferred if at_the_end else trial.should_prune()
        if stops:
            self._stopped.add(number)
        return stops
