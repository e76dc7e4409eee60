"""Ceilings on what a deployment can spend."""

from __future__ import annotations

from decimal import Decimal

from infra.review import wording
from infra.review.amounts import Unknown
from infra.review.plan import Plan


def broken_ceilings(plan: Plan, *, max_cost: Decimal | None = None, max_hours: Decimal | None = None) -> list[str]:
    """What is above a ceiling, or cannot be known to be below it, in a sentence each.

    Args:
        plan: the plan; what it starts counts.
        max_cost: US dollars. Default: None, no ceiling.
        max_hours: instance-hours. Default: None, no ceiling.
    """
    bounds = plan.total
    checks = (
        ("cost", max_cost, bounds.cost, wording.money),
        ("instance-hours", max_hours, bounds.instance_hours, wording.hours),
    )
    sentences = []
    for what, ceiling, bound, shown in checks:
        if ceiling is None:
            continue
        if isinstance(bound, Unknown):
            sentences.append(f"{what}: the ceiling is {shown(ceiling)}, and what can be reached is {bound}")
        elif bound > ceiling:
            sentences.append(f"{what}: the ceiling is {shown(ceiling)}, and {shown(bound)} can be reached")
    return sentences
