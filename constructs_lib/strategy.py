"""How a tuning job searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from aws_cdk import IResolvable

from constructs_lib._fields import WHOLE, Codec, choice, entries, member, part

if TYPE_CHECKING:
    from constructs_lib._job import IHyperParameterTuningJob


class Strategy(Enum):
    """How the next configuration is chosen."""

    BAYESIAN = "Bayesian"
    """By a model of the results so far: fewest training jobs to a good result."""
    RANDOM = "Random"
    """Independently: any number of training jobs in parallel."""
    HYPERBAND = "Hyperband"
    """Many short training jobs, of which the promising ones go on; for algorithms that report after every epoch."""
    GRID = "Grid"
    """Every combination of categorical values once."""


class EarlyStoppingType(Enum):
    """Whether training jobs that do worse than earlier ones at the same point are stopped."""

    OFF = "Off"
    AUTO = "Auto"


@dataclass(frozen=True)
class HyperbandStrategyConfig:
    """How much each training job may use, in reports of the objective (epochs for most algorithms).

    Attributes:
        min_resource: a training job is never stopped before, at least 1. Default: None, the service's choice.
        max_resource: a training job is stopped at, at most 20,000. Default: None, the static hyperparameter that
            says the number of epochs.
    """

    min_resource: float | None = member("MinResource", WHOLE, default=None)
    max_resource: float | None = member("MaxResource", WHOLE, default=None)


@dataclass(frozen=True)
class StrategyConfig:
    """Settings of one strategy.

    Attributes:
        hyperband_strategy_config: settings of Hyperband. Default: None.
    """

    hyperband_strategy_config: HyperbandStrategyConfig | None = member(
        "HyperbandStrategyConfig", part(HyperbandStrategyConfig), default=None
    )


class WarmStartType(Enum):
    """What a tuning job may change against its parents."""

    IDENTICAL_DATA_AND_ALGORITHM = "IdenticalDataAndAlgorithm"
    """Ranges and limits; results compare, so there is an overall best training job."""
    TRANSFER_LEARNING = "TransferLearning"
    """Data and the algorithm's version too."""


_NAME = "HyperParameterTuningJobName"


def _parent_name(parent: Any) -> dict[str, Any]:
    return {_NAME: parent if isinstance(parent, str) else parent.tuning_job_name}


@dataclass(frozen=True)
class WarmStartConfig:
    """Starts the search from what earlier tuning jobs found.

    Attributes:
        parents: 1-5 tuning jobs that have ended, as constructs or by name.
        warm_start_type: what may differ from them.
    """

    parents: Sequence[IHyperParameterTuningJob | str] = member(
        "ParentHyperParameterTuningJobs",
        Codec(
            lambda parents: [_parent_name(p) for p in entries(parents)], lambda items: [item[_NAME] for item in items]
        ),
    )
    warm_start_type: WarmStartType | IResolvable = member("WarmStartType", choice(WarmStartType))
