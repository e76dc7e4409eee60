"""What the service checks of a warm start."""

from __future__ import annotations

from typing import Any

from infra.local.engine import NoSuchJobError, TuningEngine
from infra.local.engine.records import TERMINAL, TuningJob
from infra.local.engine.warm_start import IDENTICAL

from . import messages
from .messages import validation
from .quotas import most_jobs

Request = dict[str, Any]

MAX_CHANGES = 10
"""Hyperparameters that change between static and tuned, and static ones that change their value."""


_CHANGEABLE = (
    "OutputDataConfig",
    "StaticHyperParameters",
    "RoleArn",
    "ResourceConfig",
    "StoppingCondition",
    "VpcConfig",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
)
_CHANGEABLE_IN_TRANSFER = ("AlgorithmSpecification", "InputDataConfig", *_CHANGEABLE)

_TUNED = ("DefinitionName", "HyperParameterRanges", "HyperParameterTuningResourceConfig", "TuningObjective")
"""What else may change: parts of a definition that say how it is tuned, and the other form of ResourceConfig."""

_KINDS = {
    "IntegerParameterRanges": "Integer",
    "ContinuousParameterRanges": "Continuous",
    "CategoricalParameterRanges": "Categorical",
    "AutoParameters": "Auto",
}

NAMES_DIFFER = (
    "The set of tunable plus static HyperParameter names is not the same across current and parent tuning jobs. "
    "Please ensure this set is constant when warm starting. Note that previously static HyperParameters can be tuned "
    "in warm start jobs and vice versa."
)


def check_warm_start(engine: TuningEngine, request: Request) -> None:
    """Refuse a warm start that the service would refuse.

    Raises:
        ServiceError: The first rule that the request breaks.
    """
    given = request["WarmStartConfig"]
    names = [parent.get("HyperParameterTuningJobName", "") for parent in given["ParentHyperParameterTuningJobs"]]
    if not names:
        raise validation("WarmStartConfig must name 1 to 5 parents, got none.")
    if len({n.lower() for n in names}) < len(names):
        raise validation(f"The parents of a warm start must be distinct, got {', '.join(names)}.")
    child = TuningJob("", "", request, 0, "InProgress", 0.0, 0.0)
    parents = [_parent(engine, name) for name in names]
    for parent in parents:
        _check_parent(child, parent, identical=given["WarmStartType"] == IDENTICAL)
    jobs = sum(len(engine.store.training_jobs(parent.name)) for parent in parents)
    wanted = child.config["ResourceLimits"].get("MaxNumberOfTrainingJobs", 0)
    limit = most_jobs(child.config)
    if jobs + wanted > limit:
        raise validation(
            f"The training jobs of the parents count against the limit of {limit}: they have {jobs}, "
            f"MaxNumberOfTrainingJobs is {wanted}."
        )


def _parent(engine: TuningEngine, name: str) -> TuningJob:
    try:
        parent = engine.store.tuning_job(name)
    except NoSuchJobError:
        raise messages.not_found("hyperparameter tuning job", name) from None
    if parent.status not in TERMINAL:
        raise validation(
            f"The parent tuning job {parent.name!r} must be in a terminal state, but it is {parent.status}."
        )
    if len(parent.definitions) > 1:
        raise validation(f"The parent tuning job {parent.name!r} has several training job definitions, not one.")
    return parent


def _check_parent(child: TuningJob, parent: TuningJob, *, identical: bool) -> None:
    (new,), (old,) = child.definitions, parent.definitions
    if (new.metric, new.maximize) != (old.metric, old.maximize):
        raise validation(
            f"The objective must be that of the parent tuning job {parent.name!r}: {old.objective['Type']} "
            f"{old.metric!r}, got {new.objective['Type']} {new.metric!r}."
        )
    changeable = _CHANGEABLE if identical else _CHANGEABLE_IN_TRANSFER
    ignored = {*changeable, *_TUNED}
    for member in {*new.request, *old.request} - ignored:
        if new.request.get(member) != old.request.get(member):
            fields = ", ".join(name[0].lower() + name[1:] for name in changeable)
            raise validation(f"Only the following fields in TrainingJobDefinition are allowed to change: [{fields}].")
    _check_hyperparameters(
        (_kinds(new.ranges), new.static), (_kinds(old.ranges), old.static), _values(new.ranges) | _values(old.ranges)
    )


def _check_hyperparameters(
    new: tuple[dict[str, str], dict[str, str]], old: tuple[dict[str, str], dict[str, str]], values: dict[str, int]
) -> None:
    (kinds, static), (old_kinds, old_static) = new, old
    if {*kinds, *static} != {*old_kinds, *old_static}:
        raise validation(NAMES_DIFFER)
    for name in sorted(kinds.keys() & old_kinds.keys()):
        if kinds[name] != old_kinds[name]:
            raise validation(
                f"The type of a hyperparameter must not change in a warm start: {name!r} was {old_kinds[name]}, "
                f"got {kinds[name]}."
            )
    moved = kinds.keys() ^ old_kinds.keys()
    changed = {name for name in static.keys() & old_static.keys() if static[name] != old_static[name]}
    changes = sum(values.get(name, 1) for name in moved) + len(changed)
    if changes > MAX_CHANGES:
        raise validation(
            f"At most {MAX_CHANGES} hyperparameters may change between tuned and static, or in their static value, in "
            f"a warm start (a categorical one counts as many as its values); got {changes}."
        )


def _kinds(ranges: Request) -> dict[str, str]:
    return {r["Name"]: _KINDS[kind] for kind, group in ranges.items() for r in group}


def _values(ranges: Request) -> dict[str, int]:
    return {r["Name"]: len(r["Values"]) for r in ranges.get("CategoricalParameterRanges", [])}
