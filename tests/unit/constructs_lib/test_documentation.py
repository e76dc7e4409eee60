"""The guide's example runs, and the table of rules is complete."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra.handlers.rules import RULES

ROOT = Path(__file__).parents[3]


def test_the_guides_example_synthesises() -> None:
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "docs/constructs.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}

    exec(compile(code, "docs/constructs.md", "exec"), names)

    app: cdk.App = names["app"]
    resources = app.synth().get_stack_by_name("Translation").template["Resources"].values()
    [job] = [each["Properties"] for each in resources if each["Type"] == "Custom::HyperParameterTuningJob"]
    assert job["HyperParameterTuningJobConfig"]["RandomSeed"] == 0
    metrics = job["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    assert "validation:bleu" in metrics


def ids_in(folder: str) -> set[str]:
    """The first argument of each finding that the code of a folder makes."""
    calls = [
        node
        for file in (ROOT / folder).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Finding", "warning")
    ]
    ids = [call.args[0].value for call in calls if call.args and isinstance(call.args[0], ast.Constant)]
    return {str(found) for found in ids}


def test_every_rule_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| ([A-Z][0-9]?) \|", (ROOT / "docs/rules.md").read_text(), re.MULTILINE)

    used = ids_in("infra/handlers/rules") | ids_in("constructs_lib") | ids_in("constructs_lib/algorithms")
    assert len(documented) == len(set(documented))
    assert {name for name in used | set(RULES) if re.fullmatch("[A-Z][0-9]?", name)} == set(documented)
