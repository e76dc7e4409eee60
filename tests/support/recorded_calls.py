"""API calls that handlers make, as IAM's actions; and those that stand in their code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore import xform_name

from infra.handlers import contract
from infra.handlers.personalize_contract import KINDS

HANDLERS = Path(contract.__file__).parent

# What a call needs beside the action of its own name.
IMPLIED = {
    "sagemaker:CreateHyperParameterTuningJob": {"sagemaker:AddTags", "iam:PassRole"},
    "servicequotas:RequestServiceQuotaIncrease": {"iam:CreateServiceLinkedRole"},
    "personalize:CreateDatasetImportJob": {"iam:PassRole"},
}
# Operations whose names stand in no single place of a module, since it computes them.
COMPUTED = {
    "quotas": {"list_service_quotas", "list_aws_default_service_quotas"},
    "personalize_api": {
        xform_name(operation)
        for kind in KINDS.values()
        for operation in (kind.create, kind.describe, kind.delete)
        if operation is not None
    },
}
_CLIENT = re.compile(r"self\._client|self\.client|api\.client|clients\.\w+\(\)")


class CallRecorder:
    """Notes each call of the boto3 clients that it watches."""

    def __init__(self) -> None:
        self._actions: set[str] = set()

    def watch(self, client: Any) -> Any:
        """The client, from now on watched."""

        def note(model: Any, **_: Any) -> None:
            self._actions.add(f"{model.service_model.signing_name}:{model.name}")

        client.meta.events.register("before-parameter-build", note)
        return client

    def take(self) -> set[str]:
        """The actions that were called since the last time."""
        taken, self._actions = self._actions, set()
        return taken

    @staticmethod
    def needed(called: set[str]) -> set[str]:
        """What calls need to be allowed."""
        return called.union(*(IMPLIED.get(action, set()) for action in called))


def modules_with_calls() -> set[str]:
    """The handlers' modules that call a client."""
    return {file.stem for file in HANDLERS.glob("*.py") if any(_named(file))} | COMPUTED.keys()


def operations_in(*modules: str) -> set[str]:
    """The operations that stand in the code of handlers' modules, in one word of lower case."""
    named = {name for module in modules for name in _named(HANDLERS / f"{module}.py")}
    computed: set[str] = set().union(*(COMPUTED.get(module, set()) for module in modules))
    return {name.replace("_", "") for name in named | computed}


def operations_of(actions: set[str]) -> set[str]:
    """The operations of actions, written likewise."""
    return {action.partition(":")[2].lower() for action in actions}


def _named(file: Path) -> Iterator[str]:
    """Methods of clients, and paginated operations."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if _CLIENT.fullmatch(ast.unparse(node.func.value)) is None:
            continue
        if node.func.attr != "get_paginator":
            yield node.func.attr
        elif isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
