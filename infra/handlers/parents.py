"""What a tuning job starts from: the parents that exist must fit it, before anything is started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .contract import TUNING_JOB_NAME
from .declaration import refuse
from .rules import Finding, differences

if TYPE_CHECKING:
    from .jobs import TuningJobs


def check_parents(request: Mapping[str, Any], jobs: TuningJobs) -> None:
    """Compare a request with the parents of its warm start; that one is missing is left to the service to say.

    Raises:
        HandlerError: naming each thing that must not differ and does.
    """
    found: list[Finding] = []
    for parent in request.get("WarmStartConfig", {}).get("ParentHyperParameterTuningJobs", []):
        name = parent[TUNING_JOB_NAME]
        described = jobs.description(name)
        if described is not None:
            found += differences(request, f"the tuning job {name!r}", described)
    refuse(found)
