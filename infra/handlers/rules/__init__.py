"""Rules that a tuning job's request must keep: checked at synth, and again by the handler before anything starts.

Each takes a CreateHyperParameterTuningJob request as boto3 takes it. At synth, values that are known at deployment only
stand as `UNRESOLVED` and are skipped; the handler sees them resolved and checks the rest. Rules that need to know the
algorithm (which metrics it emits, what its hyperparameters take) stand with the algorithms in the constructs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _definitions, _instances, _limits, _model, _ranges, _strategy
from ._instances import has_local_disks
from ._model import misfits
from ._props import prop_of, public_name
from ._registry import RULES, UNRESOLVED, Finding, Severity, Unresolved, warning

__all__ = [
    "RULES",
    "UNRESOLVED",
    "Finding",
    "Severity",
    "Unresolved",
    "check",
    "errors",
    "has_local_disks",
    "misfits",
    "prop_of",
    "public_name",
    "warning",
]

_MODULES = (_model, _ranges, _limits, _strategy, _definitions, _instances)


def check(request: Mapping[str, Any]) -> list[Finding]:
    """Every finding of every rule, errors and warnings, in the order of the rules."""
    functions = dict.fromkeys(RULES.values())
    return [finding for function in functions for finding in function(request)]


def errors(request: Mapping[str, Any]) -> list[Finding]:
    """The errors among the findings: a request with none may be sent."""
    return [finding for finding in check(request) if finding.severity is Severity.ERROR]
