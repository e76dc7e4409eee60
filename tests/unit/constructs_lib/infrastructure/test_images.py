"""Training images: AWS's own and those of a repository."""

from __future__ import annotations

from collections.abc import Callable

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Match, Template

from constructs_lib._algorithm_accounts import SEQ2SEQ_ACCOUNTS, XGBOOST_ACCOUNTS
from constructs_lib.algorithms import XGBoost
from constructs_lib.errors import ValidationError
from constructs_lib.seq2seq_image import Seq2SeqImage, Seq2SeqRepository
from tests.unit.constructs_lib.infrastructure.deployment import Deployment


def test_the_repository_is_scanned_immutable_encrypted_and_kept(deployment: Deployment) -> None:
    deployment.data_template.has_resource(
        "AWS::ECR::Repository",
        {
            "Properties": {
                "RepositoryName": "data-repository/seq2seq",
                "ImageScanningConfiguration": {"ScanOnPush": True},
                "ImageTagMutability": "IMMUTABLE",
                "EncryptionConfiguration": {"EncryptionType": "KMS"},
                "LifecyclePolicy": Match.any_value(),
            },
            "DeletionPolicy": "Retain",
        },
    )


def test_a_stack_without_region_looks_the_image_up_at_deployment(deployment: Deployment) -> None:
    template = deployment.tuning_template.to_json()

    assert template["Outputs"]["Image"] == template["Outputs"]["SameImage"]
    assert template["Outputs"]["Image"]["Value"]["Fn::Join"][1] == [
        {"Fn::FindInMap": ["Seq2SeqImageAccounts", {"Ref": "AWS::Region"}, "Account"]},
        ".dkr.ecr.",
        {"Ref": "AWS::Region"},
        ".",
        {"Ref": "AWS::URLSuffix"},
        "/seq2seq:1",
    ]
    assert set(template["Mappings"]["Seq2SeqImageAccounts"]) == set(SEQ2SEQ_ACCOUNTS)


def test_a_stack_with_a_region_has_the_image_in_plain_words() -> None:
    app = cdk.App(analytics_reporting=False)
    suffixes = {"cn-north-1": "amazonaws.com.cn", "cn-northwest-1": "amazonaws.com.cn", "us-iso-east-1": "c2s.ic.gov"}
    for region, account in SEQ2SEQ_ACCOUNTS.items():
        stack = cdk.Stack(app, f"Stack-{region}", env=cdk.Environment(region=region))
        suffix = suffixes.get(region, "amazonaws.com")
        assert Seq2SeqImage.built_in(stack).image_uri == f"{account}.dkr.ecr.{region}.{suffix}/seq2seq:1"


def test_xgboost_has_its_image_where_aws_publishes_it() -> None:
    plain = XGBoost.built_in_image(_stack("cn-north-1"), version="2.1-0")
    assert plain.image_uri == "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:2.1-0"
    assert XGBoost(plain).is_built_in is True

    stack = _stack()
    for _ in range(2):
        image = XGBoost.built_in_image(stack)
    image.grant_pull(iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com")))
    found = stack.resolve(image.image_uri)["Fn::Join"][1]
    assert found[0] == {"Fn::FindInMap": ["XGBoostImageAccounts", {"Ref": "AWS::Region"}, "Account"]}
    assert found[-1] == "/sagemaker-xgboost:1.7-1"
    template = Template.from_stack(stack)
    assert set(template.to_json()["Mappings"]["XGBoostImageAccounts"]) == set(XGBOOST_ACCOUNTS)
    (policy,) = template.find_resources("AWS::IAM::Policy").values()
    token, pull = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (token["Action"], token["Resource"]) == ("ecr:GetAuthorizationToken", "*")
    assert pull["Resource"]["Fn::Join"][1][-1] == ":repository/sagemaker-xgboost"


def test_an_image_of_a_repository_by_tag_or_digest() -> None:
    stack = cdk.Stack(None, "Stack")
    repository = ecr.Repository.from_repository_name(stack, "Repository", "mine/seq2seq")

    def end(image: Seq2SeqImage) -> str:
        return str(stack.resolve(image.image_uri)["Fn::Join"][1][-1])

    assert end(Seq2SeqImage.from_repository(repository)) == "/mine/seq2seq:latest"
    assert end(Seq2SeqImage.from_repository(repository, tag="2")) == "/mine/seq2seq:2"
    assert end(Seq2SeqImage.from_repository(repository, digest="sha256:ab")) == "/mine/seq2seq@sha256:ab"


def _stack(region: str | None = None) -> cdk.Stack:
    return cdk.Stack(None, "Stack", env=cdk.Environment(region=region))


def _repository() -> ecr.IRepository:
    return ecr.Repository.from_repository_name(_stack(), "Repository", "seq2seq")


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "region": (
        lambda: Seq2SeqImage.built_in(_stack("eu-south-2")),
        f"Stack: region must be one where AWS publishes the image 'seq2seq' ({', '.join(SEQ2SEQ_ACCOUNTS)}), got "
        "'eu-south-2'; use another region, or an image of your own with Seq2SeqImage.from_repository",
    ),
    "region without xgboost": (
        lambda: XGBoost.built_in_image(_stack("mx-central-1")),
        f"Stack: region must be one where AWS publishes the image 'sagemaker-xgboost' ({', '.join(XGBOOST_ACCOUNTS)}), "
        "got 'mx-central-1'; use another region, or give XGBoost an image of your own",
    ),
    "version of xgboost": (
        lambda: XGBoost.built_in_image(_stack("eu-west-1"), version="latest"),
        "Stack: version must be a container's, such as '1.7-1', got 'latest'",
    ),
    "tag and digest": (
        lambda: Seq2SeqImage.from_repository(_repository(), tag="1", digest="sha256:ab"),
        "Stack/Repository: digest must be absent where there is a tag, got tag '1' and digest 'sha256:ab'",
    ),
    "repository name": (
        lambda: Seq2SeqRepository(_stack(), "Repository", repository_name="team/translate"),
        "Stack/Repository: repository_name must be 'seq2seq' or end in '/seq2seq', got 'team/translate'",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_declarations_fail_at_synth(case: str) -> None:
    declare, message = BAD[case]

    with pytest.raises(ValidationError) as raised:
        declare()

    assert str(raised.value) == message
