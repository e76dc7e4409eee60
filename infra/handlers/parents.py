"""What a tuning job starts from: the parents that exist must fit it, before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .contract import TUNING_JOB_NAME
from .declaration import refuse
from .rules import Finding, differences


def check_parents(request: Mapping[str, Any], describe: Callable[[str], Mapping[str, Any] | None]) -> None:
    """Compare a request with the parents of its warm start; that one is missing is left to the service to say.

    Args:
        request: of the job that is to start.
        describe: What the service says of the job with a name; None if there is none.

    Raises:
        HandlerError: naming each thing that must not differ and does.
    """
    found: list[Finding] = []
    for parent in request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", []):
        name = parent[TUNING_JOB_NAME]
        described = describe(name)
        if described is not None:
            found += differences(request, f"the tuning job {name!r}", described)
    refuse(found)
