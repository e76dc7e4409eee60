"""What CloudFormation's linter and AWS's rules say of all of it."""

from __future__ import annotations

import pytest
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks
from cfnlint import ManualArgs, lint

from tests.unit.constructs_lib.infrastructure.deployment import Deployment


@pytest.mark.parametrize("stack", ["Data", "Tuning"])
def test_templates_pass_cfn_lint(deployment: Deployment, stack: str) -> None:
    template = (deployment.folder / f"{stack}.template.json").read_text()
    # W3005: CDK writes DependsOn beside references.
    matches = lint(template, config=ManualArgs(regions=["eu-west-1"], ignore_checks=["W3005"]))

    assert [str(match) for match in matches] == []


def test_cdk_nag_finds_nothing_that_has_no_reason(deployment: Deployment) -> None:
    report = AwsSolutionsChecks(deployment.app).validate_scope(deployment.app)

    found = [(each.rule_name, where.construct_path) for each in report.violations for where in each.violating_resources]
    assert found == []
    # It does find what nobody has acknowledged.
    s3.Bucket(deployment.data, "Careless")
    assert not AwsSolutionsChecks(deployment.app).validate_scope(deployment.data).success
