"""The shape of the CreateHyperParameterTuningJob request: types, bounds and patterns of each member.

``request_model.json`` is taken from botocore's service model, so that a check at synth needs no botocore, and a
deployed function does not depend on which botocore its runtime brings. A test compares it with the installed botocore;
``python -m infra.handlers.model`` writes it anew.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

REQUEST: Final = "CreateHyperParameterTuningJobRequest"
_FILE: Final = Path(__file__).with_name("request_model.json")
_OPEN: Final = frozenset({"TrainingInstanceType"})  # new instance types come every month: not a closed list here


@cache
def shapes() -> dict[str, dict[str, Any]]:
    """All shapes of the request by name; `REQUEST` is the outermost."""
    loaded: dict[str, dict[str, Any]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded


def from_botocore() -> dict[str, dict[str, Any]]:
    """The same shapes as the installed botocore has them."""
    from botocore.session import get_session

    operation = get_session().get_service_model("sagemaker").operation_model("CreateHyperParameterTuningJob")
    found: dict[str, dict[str, Any]] = {}
    _collect(operation.input_shape, found)
    return dict(sorted(found.items()))


def _collect(shape: Any, found: dict[str, dict[str, Any]]) -> None:
    if shape.name in found:
        return
    entry: dict[str, Any] = {"type": shape.type_name}
    found[shape.name] = entry
    for bound in ("min", "max", "pattern", "enum"):
        if bound in shape.metadata and not (bound == "enum" and shape.name in _OPEN):
            entry[bound] = shape.metadata[bound]
    children: list[Any] = []
    if shape.type_name == "structure":
        entry["members"] = {name: member.name for name, member in shape.members.items()}
        entry["required"] = list(shape.required_members)
        children = list(shape.members.values())
    elif shape.type_name == "list":
        entry["member"] = shape.member.name
        children = [shape.member]
    elif shape.type_name == "map":
        entry["key"], entry["value"] = shape.key.name, shape.value.name
        children = [shape.key, shape.value]
    for child in children:
        _collect(child, found)


if __name__ == "__main__":
    _FILE.write_text(json.dumps(from_botocore(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
