"""Habits of the public constructs that can be read from the code."""

from __future__ import annotations

import ast
import inspect
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path

import pytest

import constructs_lib
from constructs_lib import HyperParameterTuningJob, ValueType

FOLDER = Path(constructs_lib.__file__).parent
OWN = [getattr(constructs_lib, name) for name in constructs_lib.__all__]
VALUES = [kind for kind in OWN if inspect.isclass(kind) and is_dataclass(kind)]


def test_all_is_sorted_and_complete() -> None:
    public = {
        name
        for name, value in vars(constructs_lib).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name != "annotations"
    }

    assert constructs_lib.__all__ == sorted(public)


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_defaults_stand_in_the_docstring_as_in_the_code(kind: type) -> None:
    doc = inspect.cleandoc(kind.__doc__ or "")
    own = [field for field in fields(kind) if field.name in inspect.get_annotations(kind)]
    for field in own:
        if isinstance(field.default, ValueType):
            continue  # what a kind of hyperparameter is, not a choice
        parts = doc.split(f"    {field.name}: ")
        assert len(parts) == 2, f"{field.name} must be documented once"
        text = " ".join(parts[1].replace("\n        ", " ").split("\n")[0].split())
        optional = field.default is not MISSING or field.default_factory is not MISSING
        assert ("Default:" in text) == optional, field.name
        if isinstance(field.default, Enum):
            assert f"Default: ``{type(field.default).__name__}.{field.default.name}``" in text
        elif isinstance(field.default, bool):
            assert f"Default: {field.default}" in text


def test_construct_takes_keywords_after_scope_and_id() -> None:
    parameters = list(inspect.signature(HyperParameterTuningJob.__init__).parameters.values())[1:]

    assert [parameter.name for parameter in parameters[:2]] == ["scope", "id"]
    assert {parameter.kind for parameter in parameters[2:]} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.py")), ids=lambda file: file.name)
def test_no_prop_is_replaced_by_a_default_because_it_is_falsy(file: Path) -> None:
    found = [
        node.lineno
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Assign | ast.keyword | ast.Return)
        and isinstance(node.value, ast.BoolOp)
        and isinstance(node.value.op, ast.Or)
        and isinstance(node.value.values[0], ast.Name | ast.Attribute)
        and isinstance(node.value.values[-1], ast.Constant | ast.List | ast.Dict | ast.Tuple | ast.Call)
    ]

    assert found == []
