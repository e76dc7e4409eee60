"""The guide's example runs, and the table of rules is complete."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from infra.handlers.rules import RULES, check
from tests.unit.constructs_lib.tuning_job import examples as declarations
from tests.unit.handlers.rules import examples as requests

ROOT = Path(__file__).parents[3]


@pytest.fixture
def stack() -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Tuning")


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


def documented() -> dict[str, set[str]]:
    """The kinds of finding of each rule, by its id."""
    rows = re.findall(r"^\| ([A-Z][0-9]?) \|.*\| ([a-z, ]+) \|$", (ROOT / "docs/rules.md").read_text(), re.MULTILINE)
    assert len(rows) == len(dict(rows))
    return {rule: set(kinds.split(", ")) for rule, kinds in rows}


def test_every_rule_is_documented_and_no_other() -> None:
    used = ids_in("infra/handlers/rules") | ids_in("constructs_lib") | ids_in("constructs_lib/algorithms")

    assert {name for name in used | set(RULES) if re.fullmatch("[A-Z][0-9]?", name)} == set(documented())


def test_every_rule_has_an_example_of_each_of_its_texts(stack: cdk.Stack) -> None:
    shown: dict[str, set[str]] = {}
    for request, _ in requests.EXAMPLES:
        for finding in check(request):
            shown.setdefault(finding.rule, set()).add(finding.severity.value)
    _, names = declarations.with_token_names(stack)
    errors = [message for _, message in [*declarations.ERRORS, *declarations.PARENT]]
    warnings = [declarations.RUNNING_PARENT, *(text for _, text in declarations.WARNINGS)]
    for kind, messages in (("error", [*errors, *names]), ("warning", warnings)):
        for message in messages:
            shown.setdefault(message.split(" ", 1)[0], set()).add(kind)

    assert shown == documented()
