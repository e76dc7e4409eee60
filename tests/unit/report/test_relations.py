from __future__ import annotations

import dataclasses
import math
from typing import Any

import altair as alt
import pytest

from infra.report import relations
from infra.report.curves import curve_rows, learning_curves
from infra.report.logs import JobLog
from infra.report.search_space import Hyperparameter, RangeKind, Value
from tests.unit.report.factory import METRIC, snapshot, training_job

JOB = snapshot([training_job(1, 12.0), training_job(2, 8.0), training_job(3, 10.0, status="Stopped")])


def test_every_specification_obeys_the_schema() -> None:
    for one in (relations.parallel(JOB), relations.importance({"learning_rate": 1.0}), learning_curves(JOB)):
        spec: dict[str, Any] = one.chart.to_dict()
        assert alt.Chart.from_dict(spec, validate=True).to_dict()["title"] == spec["title"]


@pytest.mark.parametrize(
    ("kind", "scaling", "value", "place"),
    [
        (RangeKind.CONTINUOUS, "Linear", 0.1, 0.0),
        (RangeKind.CONTINUOUS, "Linear", 0.9, 1.0),
        (RangeKind.CONTINUOUS, "Linear", 5.0, 1.0),
        (RangeKind.CONTINUOUS, "Logarithmic", 0.3, 0.5),
        (RangeKind.CONTINUOUS, "ReverseLogarithmic", 0.7, 0.5),
        (RangeKind.CONTINUOUS, "ReverseLogarithmic", 2.0, None),
        (RangeKind.CONTINUOUS, "Linear", math.nan, None),
        (RangeKind.CONTINUOUS, "Linear", "text", None),
        (RangeKind.CONTINUOUS, "Linear", None, None),
    ],
)
def test_position_on_an_axis(kind: RangeKind, scaling: str, value: Value | None, place: float | None) -> None:
    one = Hyperparameter(name="x", kind=kind, minimum=0.1, maximum=0.9, scaling=scaling)
    at = relations.position(one, value)
    assert at is None if place is None else at == pytest.approx(place)


def test_categories_are_spread_over_their_axis() -> None:
    one = Hyperparameter(name="x", kind=RangeKind.CATEGORICAL, categories=("a", "b", "c"))
    assert [relations.position(one, text) for text in ("a", "b", "c", "d")] == [0.0, 0.5, 1.0, None]
    assert relations.position(Hyperparameter(name="x", kind=RangeKind.CATEGORICAL, categories=("a",)), "a") == 0.5


def test_each_job_is_a_line_over_all_axes_to_its_objective() -> None:
    rows = [row for row in relations.parallel_rows(JOB) if row.get("number") == 2]
    assert [row["axis"] for row in rows] == ["num_layers", "learning_rate", "optimizer_type", METRIC]
    assert rows[-1]["position"] == 0.0
    ends = [row["end"] for row in relations.parallel_rows(JOB) if row["axis"] == METRIC and "end" in row]
    assert ends == ["8", "12"]


def test_a_very_bad_job_does_not_make_all_others_look_the_same() -> None:
    job = snapshot([training_job(1, 10.0), training_job(2, 100.0), training_job(3, 1000.0)])
    last = {row["number"]: row for row in relations.parallel_rows(job) if row["axis"] == METRIC and "number" in row}
    assert [last[number]["position"] for number in (1, 2, 3)] == pytest.approx([0.0, 0.5, 1.0])
    assert [last[number]["quality"] for number in (1, 2, 3)] == pytest.approx([0.0, 0.5, 1.0])
    assert learning_curves(job).chart.to_dict()["layer"][0]["encoding"]["y"]["scale"]["type"] == "log"


def test_names_of_many_axes_stand_aslant() -> None:
    names = [f"name_{number}" for number in range(22)]
    space = tuple(Hyperparameter(name=name, kind=RangeKind.CONTINUOUS, minimum=0.0, maximum=1.0) for name in names)
    angles = [
        relations.parallel(job).chart.to_dict()["layer"][0]["encoding"]["x"]["axis"]["labelAngle"]
        for job in (JOB, dataclasses.replace(JOB, hyperparameters=space))
    ]
    assert angles == [0, -60]


def test_more_jobs_than_can_be_told_apart_leave_the_best() -> None:
    job = snapshot([training_job(number, float(number)) for number in range(1, 251)])
    assert {row["number"] for row in relations.parallel_rows(job) if "number" in row} == set(range(1, 201))
    assert "the best 200 of 250" in relations.parallel(job).caption


def test_learning_curves_mark_the_end_of_each_job() -> None:
    logs = {
        JOB.jobs[0].name: JobLog(curve=((1, 20.0), (2, 12.0))),
        JOB.jobs[2].name: JobLog(curve=((1, 10.0),)),
    }
    rows = curve_rows(JOB, logs)
    told = [(row["name"][-1], row["step"], row["value"], row["last"], row["only"]) for row in rows]
    assert told == [("1", 1, 20.0, False, False), ("1", 2, 12.0, True, False), ("3", 1, 10.0, True, True)]
