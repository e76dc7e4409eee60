from __future__ import annotations

import random

import pytest

from infra.report import TuningJobSnapshot
from infra.report.importance import FEWEST, importances
from tests.unit.report.factory import Summary, snapshot, training_job


def jobs(count: int, *, optimizer: str = "adam") -> list[Summary]:
    """Training jobs whose objective is the distance of the learning rate's exponent from -2.5, and nothing else."""
    chance = random.Random(7)
    made = []
    for number in range(1, count + 1):
        exponent = chance.uniform(-4, -1)
        values = {
            "num_layers": str(chance.randint(1, 4)),
            "learning_rate": repr(10**exponent),
            "optimizer_type": optimizer,
        }
        made.append(training_job(number, abs(exponent + 2.5), values=values))
    return made


@pytest.mark.parametrize("direction", ["Minimize", "Maximize"])
def test_what_decides_the_objective_is_the_most_important(direction: str) -> None:
    shares = importances(snapshot(jobs(60), direction=direction))
    assert list(shares) == ["learning_rate", "num_layers"]  # the optimizer took one value only
    assert shares["learning_rate"] > 0.7
    assert sum(shares.values()) == pytest.approx(1)


def test_categories_take_part() -> None:
    mixed = [*jobs(20), *jobs(40, optimizer="sgd")[20:]]
    assert set(importances(snapshot(mixed))) == {"learning_rate", "num_layers", "optimizer_type"}


@pytest.mark.parametrize(
    "job",
    [
        snapshot(),
        snapshot(jobs(FEWEST - 1)),
        snapshot([training_job(number, float("nan")) for number in range(1, 30)]),
        snapshot(jobs(30), ranges={}),
    ],
    ids=["none", "few", "nan", "no-space"],
)
def test_too_little_to_tell_is_no_importance(job: TuningJobSnapshot) -> None:
    assert importances(job) == {}


def test_jobs_of_another_kind_are_left_out() -> None:
    strange = [training_job(number, 1.0, values={"num_layers": "many"}) for number in range(31, 41)]
    assert importances(snapshot([*jobs(30), *strange])) == importances(snapshot(jobs(30)))
