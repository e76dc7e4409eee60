"""The recommender's stacks: what a reviewer of their templates expects."""

from __future__ import annotations

import json

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Match, Template
from cdk_nag import AwsSolutionsChecks
from cfnlint import ManualArgs, lint

from infra.cli.demo_personalize import KEY
from stacks.recommender_stacks import INTERACTIONS_KEY, InteractionsStack, RecommenderStack


@pytest.fixture(scope="module")
def app() -> cdk.App:
    made = cdk.App(analytics_reporting=False)
    RecommenderStack(made, "Solutions", interactions=InteractionsStack(made, "Data"))
    return made


@pytest.fixture(scope="module")
def templates(app: cdk.App) -> tuple[Template, Template]:
    data, solutions = (app.node.find_child(name) for name in ("Data", "Solutions"))
    assert isinstance(data, cdk.Stack)
    assert isinstance(solutions, cdk.Stack)
    return Template.from_stack(data), Template.from_stack(solutions)


def test_the_bucket_lets_personalize_read_the_interactions_and_nothing_else_in(
    templates: tuple[Template, Template],
) -> None:
    data, _ = templates
    data.has_resource_properties(
        "AWS::S3::BucketPolicy",
        {
            "PolicyDocument": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Action": ["s3:GetObject", "s3:ListBucket"],
                                "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                                "Principal": {"Service": "personalize.amazonaws.com"},
                            }
                        )
                    ]
                )
            }
        },
    )


def test_versions_are_trained_after_the_import(templates: tuple[Template, Template]) -> None:
    _, solutions = templates
    imports = list(solutions.find_resources("Custom::PersonalizeDatasetImportJob"))
    versions = solutions.find_resources("Custom::PersonalizeSolutionVersion").values()
    assert len(versions) == 2
    for version in versions:
        assert version["Properties"]["DatasetImports"] == [{"Fn::GetAtt": [imports[0], "Arn"]}]


def test_the_demo_uploads_what_the_stack_imports() -> None:
    assert KEY == INTERACTIONS_KEY


def test_templates_pass_cfn_lint(templates: tuple[Template, Template]) -> None:
    for template in templates:
        # W3005: CDK writes dependencies that are implied by references too.
        arguments = ManualArgs(regions=["eu-west-1"], ignore_checks=["W3005"])
        assert [str(match) for match in lint(json.dumps(template.to_json()), config=arguments)] == []


def test_cdk_nag_has_no_findings(app: cdk.App) -> None:
    report = AwsSolutionsChecks(app).validate_scope(app)
    found = [(each.rule_name, where.construct_path) for each in report.violations for where in each.violating_resources]
    assert found == []


def test_the_result_of_the_search_is_published(templates: tuple[Template, Template]) -> None:
    _, solutions = templates
    solutions.has_resource_properties("AWS::SSM::Parameter", {"Name": "/tuning/Solutions/Hrnn"})
    solutions.has_resource_properties(
        "AWS::Events::Rule", {"ScheduleExpression": "rate(15 minutes)", "EventPattern": Match.absent()}
    )
    statement = {
        "Action": ["personalize:DescribeSolutionVersion", "personalize:GetSolutionMetrics"],
        "Effect": "Allow",
        "Resource": {"Fn::GetAtt": [Match.string_like_regexp("HrnnVersion.*"), "Arn"]},
    }
    solutions.has_resource_properties(
        "AWS::IAM::Policy", {"PolicyDocument": {"Statement": Match.array_with([statement])}}
    )
