"""The search problems, their spaces written as tuning jobs write them.

Two classic functions, two made-up tuning problems with the ranges of real ones, and functions of bbob-mixint, a suite
that others made (package coco-experiment). All are minimised, and of all the least value is known.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from infra.local.engine.strategies.space import Value

Ranges = dict[str, list[dict[str, Any]]]
Parameters = Mapping[str, Value]


@dataclass(frozen=True)
class Problem:
    """A function to minimise over parameter ranges."""

    ranges: Ranges
    """`ParameterRanges` of a CreateHyperParameterTuningJob request."""
    function: Callable[[Parameters], float]
    least: float
    """The function's least value."""
    noise: float = 0.0
    """Standard deviation of what a job reports around the function's value."""


def problem(name: str, seed: int) -> Problem:
    """The problem of that name; of the suite's functions another instance for each seed."""
    return _bbob(int(name.removeprefix("bbob-f")), seed + 1) if name.startswith("bbob-f") else _OWN[name]


def _numbers(name: str, low: float, high: float, scaling: str = "Linear") -> dict[str, str]:
    return {"Name": name, "MinValue": repr(low), "MaxValue": repr(high), "ScalingType": scaling}


def _choices(name: str, *values: str) -> dict[str, Any]:
    return {"Name": name, "Values": list(values)}


def _branin(p: Parameters) -> float:
    x, y = float(p["x"]), float(p["y"])
    valley = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


_HARTMANN_WEIGHTS = (1.0, 1.2, 3.0, 3.2)
_HARTMANN_A = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
_HARTMANN_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def _hartmann6(p: Parameters) -> float:
    x = [float(p[f"x{i}"]) for i in range(6)]
    wells = zip(_HARTMANN_WEIGHTS, _HARTMANN_A, _HARTMANN_P, strict=True)
    return -sum(
        weight * math.exp(-sum(a * (b - c) ** 2 for a, b, c in zip(row, x, centre, strict=True)))
        for weight, row, centre in wells
    )


_OPTIMIZER_COST = {"adam": 0.0, "rmsprop": 0.12, "sgd": 0.25}
_BEST_RATE = {"adam": 4e-4, "rmsprop": 3e-4, "sgd": 3e-2}


def _seq2seq(p: Parameters) -> float:
    """The tunable ranges of SageMaker's sequence-to-sequence algorithm; a smooth made-up log-perplexity over them.

    The best learning rate moves with the batch size and the optimiser, and momentum matters to one optimiser only.
    """
    optimizer, batch = str(p["optimizer_type"]), int(p["batch_size"])
    rate = math.log10(float(p["learning_rate"]) / (_BEST_RATE[optimizer] * math.sqrt(batch / 64)))
    encoder, decoder = int(p["num_layers_encoder"]), int(p["num_layers_decoder"])
    value = _OPTIMIZER_COST[optimizer] + 0.55 * min(rate * rate, 4 + 0.5 * abs(rate))  # a plateau where hopeless
    value += 0.03 * math.log2(batch / 64) ** 2
    value += 0.02 * (encoder - 4) ** 2 + 0.02 * (decoder - 3) ** 2 + 0.01 * abs(encoder - decoder - 1)
    value += 3.2 * (float(p["momentum"]) - 0.85) ** 2 if optimizer == "sgd" else 0.0
    value += 0.9 * (float(p["embed_dropout_source"]) - 0.15) ** 2
    value += 0.05 * (math.log10(float(p["weight_decay"])) + 4) ** 2
    return value + (0.0 if p["weight_init_type"] == "xavier" else 0.06)


_METHOD_COST = {"hist": 0.0, "approx": 0.05, "exact": 0.1, "auto": 0.2}


def _reverse_mix(p: Parameters) -> float:
    """Boosting's ranges, one reverse-logarithmic, and noise: momentum is best near 0.97."""
    u = -math.log10(1 - float(p["momentum"])) - 1.5
    value = 0.4 * u**2 + 0.5 * (math.log10(float(p["eta"])) + 1.2 - 0.3 * u) ** 2
    value += 0.015 * (int(p["max_depth"]) - 6) ** 2 + 0.1 * (math.log10(float(p["min_child_weight"])) - 0.5) ** 2
    return value + 0.6 * (float(p["subsample"]) - 0.8) ** 2 + _METHOD_COST[str(p["tree_method"])]


_OWN = {
    "branin": Problem(
        {"ContinuousParameterRanges": [_numbers("x", -5, 10), _numbers("y", 0, 15)]}, _branin, 0.39788735772973816
    ),
    "hartmann6": Problem(
        {"ContinuousParameterRanges": [_numbers(f"x{i}", 0, 1) for i in range(6)]}, _hartmann6, -3.3223680114155147
    ),
    "seq2seq": Problem(
        {
            "ContinuousParameterRanges": [
                _numbers("learning_rate", 5e-5, 0.2, "Logarithmic"),
                _numbers("momentum", 0.5, 0.9),
                _numbers("embed_dropout_source", 0, 0.5),
                _numbers("weight_decay", 1e-6, 0.1, "Logarithmic"),
            ],
            "IntegerParameterRanges": [_numbers("num_layers_encoder", 1, 10), _numbers("num_layers_decoder", 1, 10)],
            "CategoricalParameterRanges": [
                _choices("batch_size", "16", "32", "64", "128", "256", "512", "1024", "2048"),
                _choices("optimizer_type", "adam", "sgd", "rmsprop"),
                _choices("weight_init_type", "xavier", "uniform"),
            ],
        },
        _seq2seq,
        0.0,
    ),
    "reverse-mix": Problem(
        {
            "ContinuousParameterRanges": [
                _numbers("momentum", 0, 0.999, "ReverseLogarithmic"),
                _numbers("eta", 1e-4, 1, "Logarithmic"),
                _numbers("min_child_weight", 0.1, 100, "Logarithmic"),
                _numbers("subsample", 0.5, 1),
            ],
            "IntegerParameterRanges": [_numbers("max_depth", 1, 12)],
            "CategoricalParameterRanges": [_choices("tree_method", "auto", "exact", "approx", "hist")],
        },
        _reverse_mix,
        0.0,
        noise=0.02,
    ),
}

NAMES = [*_OWN, "bbob-f8", "bbob-f15"]
"""The last ones are Rosenbrock's valley and Rastrigin's egg box over whole numbers (2, 4, 8 and 16 values) and a real
one."""

_DIMENSIONS = 5


@cache
def _suite() -> Any:
    import cocoex

    return cocoex.Suite("bbob-mixint", "", f"dimensions:{_DIMENSIONS}")


@cache
def _bbob(function: int, instance: int) -> Problem:
    found = _suite().get_problem_by_function_dimension_instance(function, _DIMENSIONS, instance)
    ranges: Ranges = {"IntegerParameterRanges": [], "ContinuousParameterRanges": []}
    for i, (low, high) in enumerate(zip(found.lower_bounds, found.upper_bounds, strict=True)):
        if i < found.number_of_integer_variables:
            ranges["IntegerParameterRanges"].append(_numbers(f"x{i}", int(low), int(high)))
        else:
            ranges["ContinuousParameterRanges"].append(_numbers(f"x{i}", float(low), float(high)))
    return Problem(ranges, partial(_evaluate, found), found(_best(found)))


def _evaluate(found: Any, p: Parameters) -> float:
    return float(found([float(p[f"x{i}"]) for i in range(_DIMENSIONS)]))


def _best(found: Any) -> list[float]:
    """Where the function is least. The package only writes it to a file in the current folder."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            found._best_parameter("print")
            (written,) = Path(folder).iterdir()
            return [float(x) for x in written.read_text().split()]
        finally:
            os.chdir(before)
