"""The part of rule O1 that only synthesis can tell: whose image it is, and so who knows its metrics."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.algorithms.algorithm import Algorithm
from infra.handlers.rules import Finding, warning
from infra.handlers.rules.view import Definition, mapping


def check_metric_source(algorithm: Algorithm, definition: Definition) -> Iterator[Finding]:
    """A warning if neither the service nor the declaration says how to find the objective in the log."""
    metric = mapping(definition.objective).get("MetricName")
    used = algorithm.used_metric_definitions
    if algorithm.is_built_in is not False or not isinstance(metric, str) or metric not in algorithm.metrics:
        return
    if used is None or metric not in used:
        name = type(algorithm).__name__
        own = f", such as {name}.own_metric_definitions" if metric in algorithm.own_metric_definitions else ""
        text = "the service knows the metrics of AWS's own image only: give the algorithm metric_definitions that find "
        yield warning("O1", f"{definition.owner}objective", f"{text}{metric} in the log{own}; got none")
