"""Storage of training instances is encrypted with a key of yours."""

from __future__ import annotations

import re
from typing import Any

from constructs_lib.checks._rule import Definition, Rule, each_definition, instances

# Instances that store on local NVMe disks, which the hardware encrypts; the service refuses a key for these.
_LOCAL_DISKS = re.compile(r"[a-z]+\d+[a-z]*d[a-z]*|g4ad|g[5-9]e?|gr6|p[56](e|en)?|p6-\w+|trn\d+n?|i\d\w*")


def _breaks(definition: Definition) -> bool:
    places = (definition.section("ResourceConfig"), definition.section("HyperParameterTuningResourceConfig"))
    if any("VolumeKmsKeyId" in place for place in places):
        return False
    types = [instance_type for fleet in instances(definition) for instance_type, _ in fleet]
    return not types or not all(_has_local_disks(instance_type) for instance_type in types)


def _has_local_disks(instance_type: Any) -> bool:
    parts = instance_type.split(".") if isinstance(instance_type, str) else []
    return len(parts) == 3 and _LOCAL_DISKS.fullmatch(parts[1]) is not None


RULE = Rule(
    id="VolumeEncryption",
    info="The storage of the training instances has no KMS key: set volume_key.",
    explanation=(
        "Training data and models lie on this storage. With a key of your own you decide who can read it, and see who "
        "did. Instance types with local disks take no key, since their hardware encrypts them."
    ),
    breaks=each_definition(_breaks),
)
