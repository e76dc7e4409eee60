"""Training programs cannot reach the internet."""

from __future__ import annotations

from constructs_lib.checks._rule import Definition, Rule, each_definition, is_intrinsic


def _breaks(definition: Definition) -> bool:
    isolated = definition.request.get("EnableNetworkIsolation")
    return isolated is not True and not is_intrinsic(isolated) and "VpcConfig" not in definition.request


RULE = Rule(
    id="NetworkIsolation",
    info="The training program reaches the internet: set enable_network_isolation, or vpc_config.",
    explanation="A program, or a package in its image, could send the training data anywhere.",
    breaks=each_definition(_breaks),
)
