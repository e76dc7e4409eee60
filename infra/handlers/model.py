"""The shapes of the requests that handlers send: types, bounds and patterns of each member.

The JSON files are taken from botocore's service models, so that a check at synth needs no botocore, and a deployed
function does not depend on which botocore its runtime brings. A test compares them with the installed botocore;
``python -m infra.handlers.model`` writes them anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from .personalize_contract import KINDS

_OPERATIONS: Final = {
    "sagemaker": ("request_model.json", ("CreateHyperParameterTuningJob",)),
    "personalize": ("personalize_model.json", tuple(kind.create for kind in KINDS.values())),
}
_OPEN: Final = frozenset({"TrainingInstanceType"})  # new instance types come every month: not a closed list here


@dataclass(frozen=True)
class RequestModel:
    """One operation's request.

    Attributes:
        service: botocore's name of the service.
        operation: such as ``CreateSolution``.
    """

    service: str
    operation: str

    @property
    def outermost(self) -> str:
        """The name of the shape of the whole request."""
        return f"{self.operation}Request"

    @property
    def shapes(self) -> dict[str, dict[str, Any]]:
        """The shapes of the request and of what is in it, by name."""
        return shapes(self.service)


TUNING_JOB: Final = RequestModel("sagemaker", "CreateHyperParameterTuningJob")
REQUEST: Final = TUNING_JOB.outermost


@cache
def shapes(service: str = "sagemaker") -> dict[str, dict[str, Any]]:
    """All shapes of a service's requests by name."""
    loaded: dict[str, dict[str, Any]] = json.loads(_file(service).read_text(encoding="utf-8"))
    return loaded


def from_botocore(service: str = "sagemaker") -> dict[str, dict[str, Any]]:
    """The same shapes as the installed botocore has them."""
    from botocore.session import get_session

    model = get_session().get_service_model(service)
    found: dict[str, dict[str, Any]] = {}
    for operation in _OPERATIONS[service][1]:
        _collect(model.operation_model(operation).input_shape, found)
    return dict(sorted(found.items()))


def _file(service: str) -> Path:
    return Path(__file__).with_name(_OPERATIONS[service][0])


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
    for name in _OPERATIONS:
        _file(name).write_text(json.dumps(from_botocore(name), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
