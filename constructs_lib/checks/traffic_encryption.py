"""Several instances of one training job talk encrypted."""

from __future__ import annotations

from constructs_lib.checks._rule import Definition, Rule, each_definition, instances, is_intrinsic


def _breaks(definition: Definition) -> bool:
    encrypted = definition.request.get("EnableInterContainerTrafficEncryption")
    return encrypted is not True and not is_intrinsic(encrypted) and _most_instances(definition) > 1


def _most_instances(definition: Definition) -> int:
    counts = [sum(count for _, count in fleet if isinstance(count, int)) for fleet in instances(definition)]
    return max(counts, default=0)


RULE = Rule(
    id="TrafficEncryption",
    info="The instances of a training job talk in the clear: set enable_inter_container_traffic_encryption.",
    explanation="Gradients and data that pass between instances tell about the training data. Encryption is slower.",
    breaks=each_definition(_breaks),
)
