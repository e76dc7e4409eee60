"""What becomes of a tuning job with its stack: props that are no part of the request."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aws_cdk import Duration

from constructs_lib._tokens import is_unresolved
from infra.handlers import contract
from infra.handlers.rules import Finding, Severity
from infra.handlers.rules.view import definitions

_MOST_WAITED = 3600  # seconds: what CloudFormation allows a resource
_TUNING_DEFAULT = 30 * 86_400  # the service's own limits where none is declared
_TRAINING_DEFAULT = 86_400


class DeletionBehavior(Enum):
    """What becomes of the tuning job when its resource is deleted, replaced or rolled back.

    Training jobs and what they have written stay in each case.
    """

    STOP = contract.DELETION_STOP
    """Stop it, and wait until it has stopped."""

    RETAIN = contract.DELETION_RETAIN
    """Leave it running."""

    DELETE = contract.DELETION_DELETE
    """Stop it, wait, and delete its entry."""


class WaitFor(Enum):
    """What a deployment waits for, beyond the job's start."""

    COMPLETED = contract.WAIT_FOR_COMPLETED
    """The job's completion, within 55 minutes. A job that fails, or is stopped, fails the deployment."""


@dataclass(frozen=True)
class LifeCycle:
    """The props of a tuning job's life cycle; `HyperParameterTuningJob` documents them."""

    deletion_behavior: DeletionBehavior = DeletionBehavior.STOP
    wait_for: WaitFor | None = None
    revision: str | None = None

    def properties(self) -> dict[str, Any]:
        """What stands in the template beside the request; nothing where the defaults do."""
        found: dict[str, Any] = {}
        if self.deletion_behavior is not DeletionBehavior.STOP:
            found[contract.DELETION_BEHAVIOR] = self.deletion_behavior.value
        if self.wait_for is not None:
            found[contract.WAIT_FOR] = self.wait_for.value
        if self.revision is not None:
            found[contract.REVISION] = self.revision
        return found

    def service_timeout(self, usual: Duration) -> Duration:
        """How long CloudFormation waits for the resource: all that it can if a result is waited for."""
        return usual if self.wait_for is None else Duration.seconds(_MOST_WAITED)

    def findings(self, request: Mapping[str, Any]) -> Iterator[Finding]:
        """What is wrong, or remarkable, together with a request whose tokens are marked."""
        if self.revision is not None and is_unresolved(self.revision):
            yield Finding("N1", "revision", "must be known at synthesis, since the job's name follows from it")
        if self.wait_for is not None:
            longest = longest_run(request)
            if longest is None or longest.to_seconds() > _MOST_WAITED:
                known = "the limits are known at deployment only"
                if longest is not None:
                    known = f"it may take {longest.to_seconds():g} s"
                text = (
                    f"a deployment waits at most {_MOST_WAITED} s and {known}: lower the limits, or publish the "
                    "result instead; a job that is not done then is stopped"
                )
                yield Finding("wait-for", "wait_for", text, Severity.WARNING)


def longest_run(request: Mapping[str, Any]) -> Duration | None:
    """After how long the limits of a request end the job; None if they are not known yet."""
    limits = request.get("HyperParameterTuningJobConfig", {}).get("ResourceLimits", {})
    whole = limits.get("MaxRuntimeInSeconds", _TUNING_DEFAULT)
    jobs, parallel = limits.get("MaxNumberOfTrainingJobs", math.inf), limits.get("MaxParallelTrainingJobs", 1)
    each = [
        definition.request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _TRAINING_DEFAULT)
        for definition in definitions(request)
    ]
    bounds: list[float] = []
    if _is_number(whole):
        bounds.append(whole)
    if all(_is_number(value) for value in (jobs, parallel, *each)) and parallel > 0 and each:
        bounds.append(max(each) * (math.ceil(jobs / parallel) if math.isfinite(jobs) else math.inf))
    return Duration.seconds(min(bounds)) if bounds else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
