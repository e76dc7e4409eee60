"""A plan as JSON for programs: amounts as numbers, unknown ones as an object with the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from infra.review.amounts import Amount, Unknown
from infra.review.bounds import Bounds
from infra.review.changes import Change
from infra.review.plan import DefinitionPlan, GoneJob, JobPlan, Plan
from infra.review.request import Intrinsic

VERSION = 1
"""Of the document's form; a new one means that a member changed its meaning or is gone."""


def document(plan: Plan, broken: Iterable[str] = ()) -> dict[str, Any]:
    """The plan as JSON; jobs by construct path."""
    return {
        "version": VERSION,
        "jobs": {job.path: _job(job) for job in plan.jobs},
        "gone": {gone.path: _gone(gone) for gone in plan.gone},
        "quotas": [
            {
                "environment": need.environment,
                "name": need.name,
                "needed": _amount(need.needed),
                "declared": None if need.declared is None else _amount(need.declared),
                "covered": need.covered,
            }
            for need in plan.quotas
        ],
        "total": _bounds(plan.total),
        "brokenCeilings": list(broken),
    }


def _gone(gone: GoneJob) -> dict[str, Any]:
    return {"type": gone.type, "stack": gone.stack, "name": gone.name, **_change(gone.change)}


def _job(job: JobPlan) -> dict[str, Any]:
    return {
        "type": job.type,
        "stack": job.stack,
        "name": job.name,
        **({} if job.change is None else _change(job.change)),
        "strategy": job.strategy,
        "earlyStopping": _value(job.early_stopping),
        "maxParallelTrainingJobs": _amount(job.max_parallel),
        "maxRuntimeSeconds": _value(job.max_runtime),
        "definitions": [_definition(definition) for definition in job.definitions],
        "atMost": _bounds(job.bounds),
        "warnings": list(job.warnings),
    }


def _definition(definition: DefinitionPlan) -> dict[str, Any]:
    return {
        "name": definition.name,
        "objective": definition.objective,
        "instances": definition.instances,
        "spot": _value(definition.spot),
        "maxRuntimeSeconds": _value(definition.max_runtime),
        "combinations": None if definition.space.size is None else _amount(definition.space.size),
        "ranges": {
            one.name: {
                "kind": one.kind,
                "bounds": one.bounds,
                "scaling": one.scaling,
                "decades": one.decades,
                "size": None if one.size is None else _amount(one.size),
            }
            for one in definition.space.ranges
        },
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "action": change.action.value,
        "oldName": change.old_name,
        "changes": [{"name": leaf.name, "old": leaf.old, "new": leaf.new} for leaf in change.leaves],
    }


def _bounds(bounds: Bounds) -> dict[str, Any]:
    return {
        "trainingJobs": _amount(bounds.training_jobs),
        "instanceHours": _amount(bounds.instance_hours),
        "cost": _amount(bounds.cost),
    }


def _amount(amount: Amount) -> Any:
    if isinstance(amount, Unknown):
        return {"unknown": amount.reason}
    if isinstance(amount, Decimal):
        # Up to a hundredth, never below what can be reached.
        return math.ceil(amount * 100) / 100
    return amount


def _value(value: Any) -> Any:
    if isinstance(value, Unknown):
        return {"unknown": value.reason}
    return {"unknown": str(value)} if isinstance(value, Intrinsic) else value
