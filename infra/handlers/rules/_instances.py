"""Rule V1: which instance types have a volume that a key can encrypt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ._registry import Finding, rule
from .view import Job, items, mapping

# Families that store on local NVMe disks, which the hardware encrypts: those with a d (g4dn, p4d, m5d) and some others.
_LOCAL_DISKS: Final = re.compile(r"[a-z]+\d+[a-z]*d[a-z]*|g[5-9]e?|gr6f?|p5(e|en)?|p6-\w+|trn\d+n?|i\d\w*")
_LISTS: Final = ("InstanceGroups", "InstancePreferences", "InstanceConfigs")


def has_local_disks(instance_type: str) -> bool:
    """Whether instances of a type, such as ``ml.g5.xlarge``, store on local disks and so take no volume key."""
    parts = instance_type.split(".")
    return len(parts) == 3 and _LOCAL_DISKS.fullmatch(parts[1]) is not None


@rule("V1")
def volume_keys(job: Job) -> Iterator[Finding]:
    """The service refuses a key for the storage of instances with local disks, which is encrypted by hardware."""
    for definition in job.definitions:
        plain = mapping(definition.request.get("ResourceConfig"))
        flexible = mapping(definition.request.get("HyperParameterTuningResourceConfig"))
        for config, prop in ((plain, "volume_key"), (flexible, "tuning_resource_config.volume_key")):
            if "VolumeKmsKeyId" not in config:
                continue
            entries = [config, *(entry for member in _LISTS for entry in items(config.get(member)))]
            types = [entry.get("InstanceType") for entry in entries]
            local = sorted({name for name in types if isinstance(name, str) and has_local_disks(name)})
            if local:
                text = "is for instances without local disks, which their hardware encrypts: leave it out, got "
                text += ", ".join(local)
                yield Finding("V1", f"{definition.at}{prop}", text)
