"""Training jobs on spot capacity save their state."""

from __future__ import annotations

from constructs_lib.checks._rule import Definition, Rule, each_definition


def _breaks(definition: Definition) -> bool:
    return definition.request.get("EnableManagedSpotTraining") is True and "CheckpointConfig" not in definition.request


RULE = Rule(
    id="SpotCheckpoints",
    info="Training jobs on spot capacity have no checkpoints: set checkpoint_config.",
    explanation="An interrupted training job starts again from nothing, which costs what spot capacity saves.",
    breaks=each_definition(_breaks),
    warns=True,
)
