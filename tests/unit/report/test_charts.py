from __future__ import annotations

import math
from typing import Any

import altair as alt
import pytest

from infra.report import charts
from infra.report.search_space import Hyperparameter, RangeKind
from infra.report.snapshot import TuningJobSnapshot
from tests.unit.report.factory import METRIC, snapshot, training_job

JOBS = [
    training_job(1, 12.0),
    training_job(2, 9.0),
    training_job(3, status="Failed", failure="out of memory"),
    training_job(4, 11.0, status="Stopped"),
    training_job(5, math.nan),
    training_job(6, 7.0),
    training_job(7, status="InProgress"),
]
RUNNING = snapshot(JOBS, status="InProgress")
EMPTY = snapshot(status="InProgress")


def all_charts(job: TuningJobSnapshot) -> list[charts.Chart]:
    return [charts.over_time(job), *(charts.against(job, index) for index in range(len(job.hyperparameters)))]


@pytest.mark.parametrize("job", [RUNNING, EMPTY, snapshot(JOBS[:1]), snapshot(JOBS[2:3], status="Failed")])
def test_every_specification_obeys_the_schema(job: TuningJobSnapshot) -> None:
    drawn = all_charts(job)
    assert len(drawn) == 4
    for one in drawn:
        spec: dict[str, Any] = one.chart.to_dict()
        assert alt.Chart.from_dict(spec, validate=True).to_dict()["layer"]
        assert "jobs" in str(spec["data"] if "data" in spec else [layer["data"] for layer in spec["layer"]])


def test_best_so_far_only_falls_and_goes_on_to_now() -> None:
    rows = charts.job_rows(RUNNING)
    assert [row["best_so_far"] for row in rows] == [12.0, 9.0, None, 9.0, None, 7.0, 7.0]
    assert [round(row["time"], 3) for row in rows[-2:]] == [5.833, 20.0]


def test_only_final_numbers_are_objectives() -> None:
    assert [row["objective"] for row in charts.job_rows(RUNNING)] == [12.0, 9.0, None, 11.0, None, 7.0, None]
    assert [row["best"] for row in charts.job_rows(RUNNING)] == [False] * 5 + [True, False]


def x_axis(chart: charts.Chart) -> dict[str, Any]:
    return dict(layer(chart, 0)["encoding"]["x"])


def layer(chart: charts.Chart, index: int) -> dict[str, Any]:
    spec: dict[str, Any] = chart.chart.to_dict()
    return dict(spec["layer"][index])


def test_each_hyperparameter_has_its_own_scale_and_title() -> None:
    layers, rate, optimizer = (x_axis(charts.against(RUNNING, index)) for index in range(3))
    assert (layers["title"], layers["scale"]["domain"], layers["axis"]["tickMinStep"]) == ("num_layers", [1, 4], 1)
    assert (rate["title"], rate["scale"]["type"]) == ("learning_rate (log scale)", "log")
    assert rate["axis"]["values"] == [0.0001, 0.001, 0.01, 0.1]
    assert (optimizer["type"], optimizer["scale"]["domain"]) == ("nominal", ["adam", "sgd"])


def test_reverse_logarithmic_axis_is_read_as_the_value_itself() -> None:
    one = Hyperparameter(
        name="momentum", kind=RangeKind.CONTINUOUS, minimum=0.5, maximum=0.9999, scaling="ReverseLogarithmic"
    )
    axis: Any = charts.value_axis(one, "h0").to_dict()
    assert axis["field"] == "h0_rest"
    assert axis["scale"]["reverse"] is True
    assert axis["axis"]["labelExpr"] == "format(1 - datum.value, '.6~g')"
    assert axis["axis"]["values"] == pytest.approx([0.0001, 0.001, 0.01, 0.1])


@pytest.mark.parametrize(
    ("minimum", "maximum", "ticks"),
    [
        (1e-5, 1e-1, [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]),
        (16, 512, [30, 100, 300]),
        (0.02, 0.025, [0.02, 0.025]),
        (1e-40, 1e-1, [10.0**exponent for exponent in range(-40, 0, 5)]),
    ],
)
def test_logarithmic_ticks_are_few_and_round(minimum: float, maximum: float, ticks: list[float]) -> None:
    assert charts.log_ticks(minimum, maximum) == pytest.approx(ticks)


def test_tooltips_have_the_job_and_all_hyperparameters() -> None:
    titles = [one["title"] for one in layer(charts.over_time(RUNNING), 1)["encoding"]["tooltip"]]
    tuned = ["num_layers", "learning_rate", "optimizer_type"]
    assert titles == ["training job", "status", METRIC, "time", *tuned, "failure reason"]


def test_the_legend_has_only_statuses_that_occur() -> None:
    assert layer(charts.over_time(snapshot(JOBS[:3])), 1)["encoding"]["color"]["scale"]["domain"] == [
        "Completed",
        "Failed",
    ]


@pytest.mark.parametrize(("worst", "kind"), [(80.0, "linear"), (90.0, "log")])
def test_objectives_over_a_decade_get_a_logarithmic_axis(worst: float, kind: str) -> None:
    job = snapshot([training_job(1, 9.0), training_job(2, worst)])
    axis = layer(charts.over_time(job), 1)["encoding"]["y"]
    assert axis["scale"]["type"] == kind


@pytest.mark.parametrize(
    ("values", "bounds"), [((10.0, 60.0, 1e26), (10.0, 6000.0)), ((10.0, 60.0, 900.0), (10.0, 900.0))]
)
def test_a_diverged_job_stands_at_the_edge(values: tuple[float, ...], bounds: tuple[float, float]) -> None:
    job = snapshot([training_job(number, value) for number, value in enumerate(values, start=1)])
    scale = layer(charts.over_time(job), 1)["encoding"]["y"]["scale"]
    assert (scale["domain"], scale["clamp"]) == (list(bounds), True)
