"""From a path in the request to the public name of the prop that declares it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..keyed import FREE, KEYS
from ._registry import quoted

Path = tuple[str | int, ...]

# Where the prop is not simply the member's name in snake case. None: the member's parts are props of its owner.
_PROPS: Final[Mapping[str, str | None]] = {
    "HyperParameterTuningJobName": "job_name_prefix",
    "HyperParameterTuningJobConfig": None,
    "HyperParameterTuningJobObjective": "objective",
    "TuningObjective": "objective",
    "ParameterRanges": "ranges",
    "HyperParameterRanges": "ranges",
    "IntegerParameterRanges": None,
    "ContinuousParameterRanges": None,
    "CategoricalParameterRanges": None,
    "AutoParameters": None,
    "MinValue": "min",
    "MaxValue": "max",
    "ScalingType": "scaling",
    "AlgorithmSpecification": "algorithm",
    "InputDataConfig": "channels",
    "DataSource": None,
    "ResourceConfig": None,
    "StoppingCondition": None,
    "RetryStrategy": None,
    "MaxRuntimeInSeconds": "max_runtime",
    "MaxWaitTimeInSeconds": "max_wait_time",
    "MaxPendingTimeInSeconds": "max_pending_time",
    "KeepAlivePeriodInSeconds": "keep_alive_period",
    "VolumeSizeInGB": "volume_size",
    "VolumeKmsKeyId": "volume_key",
    "KmsKeyId": "key",
    "RoleArn": "role",
    "ShuffleConfig": None,
    "Seed": "shuffle_seed",
    "Mode": None,
    "HyperParameterTuningResourceConfig": "tuning_resource_config",
    "ParentHyperParameterTuningJobs": "parents",
    "ModelAccessConfig": None,
    "HubAccessConfig": None,
    "solutionConfig": None,
    "recipeArn": "recipe",
    "hpoResourceConfig": "resource_limits",
    "algorithmHyperParameterRanges": "ranges",
    "integerHyperParameterRanges": None,
    "continuousHyperParameterRanges": None,
    "categoricalHyperParameterRanges": None,
    "minValue": "min",
    "maxValue": "max",
    "recipeList": "recipes",
}


def prop_of(member: str) -> str | None:
    """The prop that declares a member of the request; None if the member's parts are props of its owner."""
    if member in _PROPS:
        return _PROPS[member]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", member)
    return words.lower()


def public_name(path: Path, request: Any) -> str:
    """The name of the prop at a path of the request, entries of named lists by their name."""
    name = ""
    value = request
    free = False  # inside a map of the user's: the next part is a key
    member = ""
    for part in path:
        value = _step(value, part)
        if isinstance(part, int):
            key = value.get(KEYS[member], part) if member in KEYS and isinstance(value, Mapping) else part
            name += f"[{quoted(key)}]"
        elif free:
            name += f"[{quoted(part)}]"
        else:
            prop = prop_of(part)
            # A parent's name is the parent itself, as a tag's value is the tag.
            if prop is not None and not (member == "ParentHyperParameterTuningJobs" and prop == "job_name_prefix"):
                name += f".{prop}" if name else prop
            member = part
        free = part in FREE
    return name if name else "request"


def _step(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None
