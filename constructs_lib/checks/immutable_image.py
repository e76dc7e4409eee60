"""The training image is the same tomorrow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from constructs_lib.checks._rule import Definition, Rule, each_definition, is_intrinsic

# Tags that are moved by custom. A version is taken as fixed, as is the ":1" of AWS's own algorithms, which is their
# documented name: they have no other.
_MOVING_TAGS = frozenset({"latest", "main", "master", "dev", "develop", "edge", "nightly", "stable"})


def _breaks(definition: Definition) -> bool:
    name = _text(definition.section("AlgorithmSpecification").get("TrainingImage"))
    if name is None or "@" in name:
        return False
    last = name.rsplit("/", 1)[-1]
    if ":" not in last:
        return not last.endswith("?")  # what is known at deployment only may have a tag
    return last.rsplit(":", 1)[-1].lower() in _MOVING_TAGS


def _text(value: Any) -> str | None:
    """An image's name with a question mark for each part that is known at deployment only; None if all of it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and isinstance(value.get("Fn::Join"), list):
        delimiter, parts = value["Fn::Join"]
        return str(delimiter).join("?" if is_intrinsic(part) else str(part) for part in parts)
    if isinstance(value, Mapping) and isinstance(value.get("Fn::Sub"), str):
        return re.sub(r"\$\{[^}]*\}", "?", value["Fn::Sub"])
    return None


RULE = Rule(
    id="ImmutableImage",
    info="The image's tag moves: name a version or a digest.",
    explanation="Training jobs of one search must run the same program, or their objectives do not compare.",
    breaks=each_definition(_breaks),
)
