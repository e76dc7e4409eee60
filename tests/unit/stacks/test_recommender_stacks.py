"""The recommender's stacks: what a reviewer of their templates expects."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Match, Template

from infra.cli.demo_personalize import KEY
from stacks.recommender_stacks import INTERACTIONS_KEY, InteractionsStack, RecommenderStack


@pytest.fixture(scope="module")
def templates() -> tuple[Template, Template]:
    app = cdk.App()
    data = InteractionsStack(app, "Data")
    solutions = RecommenderStack(app, "Solutions", interactions=data)
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
