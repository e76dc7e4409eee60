"""The quotas of SageMaker training: one for each instance type and kind of usage."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from enum import StrEnum

import botocore.session

SERVICE_CODE = "sagemaker"
SERVICE_NAME = "Amazon SageMaker"


class TrainingUsage(StrEnum):
    """What a training quota counts; the value ends the quota's name."""

    TRAINING_JOB = "training job usage"
    SPOT_TRAINING_JOB = "spot training job usage"
    WARM_POOL = "training warm pool usage"


@dataclass(frozen=True)
class Quota:
    """One quota.

    Args:
        name: As AWS names it, such as "ml.g5.xlarge for training job usage".
        code: The quota's code, "L-" and eight hexadecimal digits.
        default: Instances that a new account may use.
    """

    name: str
    code: str
    default: float


# Codes seen on AWS. The others cannot be known without an account: they are derived, and programs look them up by name.
_KNOWN_CODES = {
    "ml.g4dn.xlarge for training job usage": "L-3F53BF0F",
    "ml.p5.48xlarge for training job usage": "L-82E1C851",
}

# Families with an accelerator. New accounts have none or very few of them, which is what a quota construct is for.
_ACCELERATED = ("g", "p", "trn")
_SMALL_ACCELERATED = ("ml.g4dn.xlarge", "ml.g5.xlarge", "ml.g6.xlarge")
_DEFAULT_CPU = 4.0
_DEFAULT_SMALL_ACCELERATED = 1.0


def quota_code(name: str) -> str:
    """The code of a quota, the same on every run."""
    known = _KNOWN_CODES.get(name)
    return f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}" if known is None else known


def _default(instance_type: str, usage: TrainingUsage) -> float:
    """Our choice, in the manner of a new account: no warm pools, no GPUs but single small ones, 4 of anything else."""
    if usage is TrainingUsage.WARM_POOL:
        return 0.0
    family = instance_type.removeprefix("ml.")
    if not family.startswith(_ACCELERATED):
        return _DEFAULT_CPU
    return _DEFAULT_SMALL_ACCELERATED if instance_type in _SMALL_ACCELERATED else 0.0


@functools.cache
def training_quotas() -> dict[str, Quota]:
    """All training quotas by code, in the order of their names; instance types are those of botocore's model."""
    shape = botocore.session.Session().get_service_model(SERVICE_CODE).shape_for("TrainingInstanceType")
    quotas = [
        Quota(name := f"{instance_type} for {usage}", quota_code(name), _default(instance_type, usage))
        for instance_type in shape.metadata["enum"]
        for usage in TrainingUsage
    ]
    return {quota.code: quota for quota in sorted(quotas, key=lambda quota: quota.name)}
