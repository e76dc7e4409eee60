"""The app's stacks as they are deployed: valid for CloudFormation, without findings, and what a reviewer expects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template
from cdk_nag import AwsSolutionsChecks
from cfnlint import ManualArgs, lint

from stacks import DataStack, Settings, TuningStack

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> tuple[cdk.App, DataStack, TuningStack]:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = cdk.App(context=context, outdir=str(tmp_path_factory.mktemp("cdk.out")))
    settings = Settings.from_context(context)
    data = DataStack(app, "seq2seq-data", settings=settings)
    tuning = TuningStack(app, "seq2seq-tuning", settings=settings, data=data)
    return app, data, tuning


@pytest.fixture(scope="module")
def templates(app: tuple[cdk.App, DataStack, TuningStack]) -> dict[str, dict[str, Any]]:
    _, data, tuning = app
    return {stack.stack_name: dict(Template.from_stack(stack).to_json()) for stack in (data, tuning)}


def test_cdk_json_holds_the_documented_defaults() -> None:
    given = json.loads((ROOT / "cdk.json").read_text())["context"]
    assert Settings.from_context(given) == Settings()


@pytest.mark.parametrize("stack", ["seq2seq-data", "seq2seq-tuning"])
def test_templates_pass_cfn_lint(templates: dict[str, dict[str, Any]], stack: str) -> None:
    # W3005: CDK writes dependencies that are implied by references too.
    matches = lint(json.dumps(templates[stack]), config=ManualArgs(ignore_checks=["W3005"]))
    assert [str(match) for match in matches] == []


def test_cdk_nag_has_no_findings(app: tuple[cdk.App, DataStack, TuningStack]) -> None:
    report = AwsSolutionsChecks(app[0]).validate_scope(app[0])
    found = [(each.rule_name, where.construct_path) for each in report.violations for where in each.violating_resources]
    assert found == []


def test_one_resource_declares_the_search(templates: dict[str, dict[str, Any]]) -> None:
    resources = templates["seq2seq-tuning"]["Resources"].values()
    (job,) = [one for one in resources if one["Type"] == "Custom::HyperParameterTuningJob"]
    assert job["Properties"]["HyperParameterTuningJobName"].startswith("seq2seq-")
    assert job["Properties"]["HyperParameterTuningJobConfig"]["ResourceLimits"] == {
        "MaxNumberOfTrainingJobs": 8,
        "MaxParallelTrainingJobs": 2,
    }
    assert set(job["Properties"]["TrainingJobDefinition"]["InputDataConfig"]) == {"train", "validation", "vocab"}


def test_the_data_stack_names_the_buckets_to_fill(templates: dict[str, dict[str, Any]]) -> None:
    outputs = templates["seq2seq-data"]["Outputs"]
    assert {"TrainBucketName", "ValidationBucketName", "VocabBucketName", "OutputBucketName"} <= set(outputs)
