"""Each rule refuses what it is for, in full words, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from infra.handlers.rules import UNRESOLVED, check, has_local_disks
from tests.unit.handlers.requests import request
from tests.unit.handlers.rules.examples import (
    EXAMPLES,
    categorical,
    continuous,
    limits,
    metrics,
    one_of_several,
    several,
)


@pytest.mark.parametrize(("broken", "message"), EXAMPLES, ids=[message.split(":")[0] for _, message in EXAMPLES])
def test_a_broken_rule_is_the_only_finding(broken: dict[str, Any], message: str) -> None:
    assert [str(finding) for finding in check(broken)] == [message]


@pytest.mark.parametrize(
    "kept",
    [
        request(),
        several(one_of_several("a"), one_of_several("b")),
        request(config={"RandomSeed": 0}),
        request(ranges=categorical("a", "b"), config={"Strategy": "Grid", **limits(MaxNumberOfTrainingJobs=2)}),
        request(config={"Strategy": "Hyperband"}, StaticHyperParameters={"epochs": "3"}),
        request(StaticHyperParameters={"max_token": "100", "tokenizer": "words", "secret": ""}),
        request(ranges=continuous("0", "0.999", ScalingType="ReverseLogarithmic")),
    ],
)
def test_what_keeps_the_rules_has_no_findings(kept: dict[str, Any]) -> None:
    assert check(kept) == []


@pytest.mark.parametrize(
    ("local", "types"),
    [
        (
            True,
            "g4dn.xlarge g5.xlarge g6.xlarge g6e.xlarge p3dn.24xlarge p4d.24xlarge p4de.24xlarge p5.48xlarge m5d.large",
        ),
        (False, "m5.large c5.xlarge p2.xlarge p3.2xlarge r5.large c6i.large m7i.large"),
    ],
)
def test_which_instances_have_local_disks(local: bool, types: str) -> None:
    assert [has_local_disks(f"ml.{each}") for each in types.split()] == [local] * len(types.split())


def unresolved(value: Any) -> Any:
    """The same structure with every scalar known at deployment only."""
    if isinstance(value, dict):
        return {key: unresolved(item) for key, item in value.items()}
    return [unresolved(item) for item in value] if isinstance(value, list) else UNRESOLVED


def test_values_known_at_deployment_only_are_skipped() -> None:
    assert check(unresolved(request(Environment={"TOKEN": "x"}, **metrics("(")))) == []
