"""Models are encrypted with a key of yours."""

from __future__ import annotations

from constructs_lib.checks._rule import Definition, Rule, each_definition


def _breaks(definition: Definition) -> bool:
    return "KmsKeyId" not in definition.section("OutputDataConfig")


RULE = Rule(
    id="OutputEncryption",
    info="The models have no KMS key: set key of output_data_config, or use a bucket that has one.",
    explanation="Models can hold what they were trained on. With a key of your own you decide who can read them.",
    breaks=each_definition(_breaks),
)
