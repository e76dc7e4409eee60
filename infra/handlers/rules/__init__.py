"""Rules that a tuning job's request must keep: checked at synth, and again by the handler before anything starts.

Each takes a CreateHyperParameterTuningJob request as boto3 takes it. At synth, values that are known at deployment only
stand as `UNRESOLVED` and are skipped; the handler sees them resolved and checks the rest. Which algorithm a definition
has is told beside the request: an image's name does not prove it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _algorithms, _definitions, _hyper_parameters, _instances, _limits, _model, _ranges, _strategy, _warm_start
from ._instances import has_local_disks
from ._model import misfits
from ._props import prop_of, public_name
from ._registry import RULES, UNRESOLVED, Finding, Severity, Unresolved, warning
from ._warm_start import differences
from .view import NO_ALGORITHMS, Algorithms, Job

__all__ = [
    "RULES",
    "UNRESOLVED",
    "Algorithms",
    "Finding",
    "Job",
    "Severity",
    "Unresolved",
    "check",
    "check_job",
    "differences",
    "errors",
    "findings_of",
    "has_local_disks",
    "misfits",
    "prop_of",
    "public_name",
    "warning",
]

# In the order in which their findings are told.
_MODULES = (_model, _ranges, _limits, _strategy, _definitions, _warm_start, _instances, _algorithms, _hyper_parameters)


def check(request: Mapping[str, Any], algorithms: Algorithms = NO_ALGORITHMS) -> list[Finding]:
    """Every finding of every rule, errors and warnings, in the order of the rules.

    Args:
        request: as boto3 takes it; what is not known yet is `UNRESOLVED`.
        algorithms: what is known of the algorithm of each definition, by its name; of a single one by None.
            Default: nothing is.
    """
    return check_job(Job(request, algorithms))


def check_job(job: Job) -> list[Finding]:
    """The same for a request that is taken apart already."""
    return [finding for function in _FUNCTIONS for finding in function(job)]


def errors(request: Mapping[str, Any], algorithms: Algorithms = NO_ALGORITHMS) -> list[Finding]:
    """The errors among the findings: a request with none may be sent."""
    return [finding for finding in check(request, algorithms) if finding.severity is Severity.ERROR]


def findings_of(rule_id: str, request: Mapping[str, Any]) -> list[Finding]:
    """The findings of one rule, without knowledge of algorithms."""
    job = Job(request)
    return [finding for function in RULES[rule_id] for finding in function(job)]


# A function that checks several rules stands under each of their ids.
_FUNCTIONS = sorted(
    dict.fromkeys(function for functions in RULES.values() for function in functions),
    key=lambda function: [module.__name__ for module in _MODULES].index(function.__module__),
)
