"""Storage of training instances is encrypted with a key of yours."""

from __future__ import annotations

from constructs_lib.checks._rule import Definition, Rule, each_definition, instances
from infra.handlers.rules import has_local_disks


def _breaks(definition: Definition) -> bool:
    places = (definition.section("ResourceConfig"), definition.section("HyperParameterTuningResourceConfig"))
    if any("VolumeKmsKeyId" in place for place in places):
        return False
    types = [instance_type for fleet in instances(definition) for instance_type, _ in fleet]
    return not types or not all(isinstance(each, str) and has_local_disks(each) for each in types)


RULE = Rule(
    id="VolumeEncryption",
    info="The storage of the training instances has no KMS key: set volume_key.",
    explanation=(
        "Training data and models lie on this storage. With a key of your own you decide who can read it, and see who "
        "did. Instance types with local disks take no key, since their hardware encrypts them."
    ),
    breaks=each_definition(_breaks),
)
