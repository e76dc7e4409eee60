"""The constructs around the tuning job, in one app as somebody would write it."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match, Template
from cdk_nag import AwsSolutionsChecks
from cfnlint import ManualArgs, lint

from constructs_lib._algorithm_accounts import SEQ2SEQ_ACCOUNTS, XGBOOST_ACCOUNTS
from constructs_lib._provider import TuningJobProvider
from constructs_lib.algorithms import XGBoost
from constructs_lib.errors import ValidationError
from constructs_lib.gpu_training_quota import GpuTrainingQuota, OnShortfall
from constructs_lib.instance import InstanceType
from constructs_lib.seq2seq_image import Seq2SeqImage, Seq2SeqRepository
from constructs_lib.training_channels import TrainingChannels
from constructs_lib.training_needs import QuotaUsage
from constructs_lib.training_role import TrainingRole


class Deployment:
    """A data stack and a tuning stack without an environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = cdk.App(outdir=str(folder), analytics_reporting=False)
        self.data = cdk.Stack(self.app, "Data")
        self.tuning = cdk.Stack(self.app, "Tuning")
        self._declare_data()
        self._declare_tuning()
        self.app.synth()
        self.data_template = Template.from_stack(self.data)
        self.tuning_template = Template.from_stack(self.tuning)

    def _declare_data(self) -> None:
        self.channels = TrainingChannels(self.data, "Channels")
        image = Seq2SeqRepository(self.data, "Repository").image("1")
        self.role = TrainingRole(self.data, "TrainingRole", channels=self.channels, image=image)
        GpuTrainingQuota(
            self.data,
            "Quota",
            instance_type=InstanceType.ML_P3_2XLARGE,
            instances=2,
            on_shortfall=OnShortfall.REQUEST_INCREASE,
        )
        GpuTrainingQuota(
            self.data,
            "SpotQuota",
            instance_type="ml.g5.xlarge",
            instances=cdk.CfnParameter(self.data, "Number", type="Number").value_as_number,
            usage=QuotaUsage.SPOT_TRAINING,
        )

    def _declare_tuning(self) -> None:
        image = Seq2SeqImage.built_in(self.tuning)
        channels = TrainingChannels.from_buckets(
            self.tuning,
            "Imported",
            train=s3.Bucket.from_bucket_name(self.tuning, "T", "corpora"),
            validation=s3.Bucket.from_bucket_name(self.tuning, "V", "corpora"),
            vocab=s3.Bucket.from_bucket_name(self.tuning, "D", "corpora"),
            output=s3.Bucket.from_bucket_name(self.tuning, "O", "models"),
            encryption_key=kms.Key.from_key_arn(self.tuning, "K", "arn:aws:kms:eu-west-1:111122223333:key/k"),
        )
        own_role = TrainingRole(self.tuning, "TrainingRole", channels=channels, image=image)
        TuningJobProvider.get_or_create(self.tuning).allow_pass_role(self.role)
        gc.collect()  # the next call must find what the first one made even if Python has let go of it
        provider = TuningJobProvider.get_or_create(self.tuning)
        provider.allow_pass_role(own_role)
        cdk.CfnOutput(self.tuning, "Image", value=image.image_uri)
        cdk.CfnOutput(self.tuning, "SameImage", value=Seq2SeqImage.built_in(self.tuning).image_uri)
        cdk.CfnOutput(self.tuning, "ServiceToken", value=provider.service_token)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return Deployment(tmp_path_factory.mktemp("cdk.out"))


def resources(template: Template, kind: str) -> dict[str, Any]:
    return {name: found for name, found in template.to_json()["Resources"].items() if found["Type"] == kind}


def statements(template: Template, role: str) -> list[dict[str, Any]]:
    """All statements of the policies of the role whose logical id starts so."""
    return [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        if any(attached["Ref"].startswith(role) for attached in policy["Properties"]["Roles"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def actions(found: list[dict[str, Any]]) -> list[str]:
    groups = [[each["Action"]] if isinstance(each["Action"], str) else each["Action"] for each in found]
    return sorted({action for group in groups for action in group})


def test_buckets_are_private_encrypted_versioned_logged_and_kept(deployment: Deployment) -> None:
    buckets = resources(deployment.data_template, "AWS::S3::Bucket")
    channels = [bucket for name, bucket in buckets.items() if "AccessLogs" not in name]

    assert len(buckets) == 5
    assert len(channels) == 4
    for bucket in buckets.values():
        assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
        assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["Properties"]["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        assert "AccessControl" not in bucket["Properties"]
    for bucket in channels:
        encryption = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
        (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
        assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    prefixes = {bucket["Properties"]["LoggingConfiguration"]["LogFilePrefix"] for bucket in channels}
    assert prefixes == {"train/", "validation/", "vocab/", "output/"}
    policies = resources(deployment.data_template, "AWS::S3::BucketPolicy").values()
    assert len(policies) == 5
    assert all('"aws:SecureTransport": "false"' in json.dumps(policy) for policy in policies)


def test_one_rotated_key_encrypts_all_channels(deployment: Deployment) -> None:
    deployment.data_template.resource_count_is("AWS::KMS::Key", 1)
    deployment.data_template.has_resource(
        "AWS::KMS::Key", {"Properties": {"EnableKeyRotation": True}, "DeletionPolicy": "Retain"}
    )


def test_the_training_role_may_do_what_training_needs_and_no_more(deployment: Deployment) -> None:
    found = statements(deployment.data_template, "TrainingRole")

    assert actions(found) == [
        "cloudwatch:PutMetricData",
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
    ]
    (written,) = [json.dumps(each["Resource"]) for each in found if each["Action"] == "s3:PutObject"]
    read = [json.dumps(each["Resource"]) for each in found if each["Action"] == "s3:GetObject"]
    assert "ChannelsOutput" in written
    assert len(read) == 3
    assert not any("Output" in resource for resource in read)
    everywhere = [each["Action"] for each in found if each["Resource"] == "*"]
    assert sorted(everywhere) == ["cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"]


def test_sagemaker_assumes_the_training_role_for_this_account_only(deployment: Deployment) -> None:
    assert isinstance(deployment.role, iam.Role)
    deployment.data_template.has_resource_properties(
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": {
                "Statement": [
                    {
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                        "Effect": "Allow",
                        "Principal": {"Service": "sagemaker.amazonaws.com"},
                    }
                ]
            },
            "ManagedPolicyArns": Match.absent(),
        },
    )


def test_a_role_for_imported_channels_reads_those(deployment: Deployment) -> None:
    found = statements(deployment.tuning_template, "TrainingRole")

    assert "corpora/*" in json.dumps([each["Resource"] for each in found if each["Action"] == "s3:GetObject"])
    assert "models/*" in json.dumps([each["Resource"] for each in found if each["Action"] == "s3:PutObject"])
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= set(actions(found))
    pull = next(each for each in found if "ecr:BatchGetImage" in each["Action"])
    assert "Fn::FindInMap" in json.dumps(pull["Resource"])


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


def test_the_handler_manages_tuning_jobs_and_passes_training_roles_and_nothing_else(deployment: Deployment) -> None:
    found = statements(deployment.tuning_template, "TuningJobProviderRole")
    passes = [each for each in found if each["Action"] == "iam:PassRole"]

    only_to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert [each["Condition"] for each in passes] == [only_to_sagemaker] * 2
    assert {next(iter(each["Resource"])) for each in passes} == {"Fn::ImportValue", "Fn::GetAtt"}
    assert actions(found) == [
        "iam:PassRole",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "sagemaker:AddTags",
        "sagemaker:CreateHyperParameterTuningJob",
        "sagemaker:DeleteHyperParameterTuningJob",
        "sagemaker:DeleteTags",
        "sagemaker:DescribeHyperParameterTuningJob",
        "sagemaker:ListTags",
        "sagemaker:StopHyperParameterTuningJob",
    ]


def test_a_stack_has_its_provider_once_and_all_logs_end(deployment: Deployment) -> None:
    functions = resources(deployment.tuning_template, "AWS::Lambda::Function").values()

    assert sorted(each["Properties"]["Handler"] for each in functions) == [
        "framework.isComplete",
        "framework.onEvent",
        "framework.onTimeout",
        "handlers.tuning_job.is_complete",
        "handlers.tuning_job.on_event",
    ]
    assert all("LogGroup" in each["Properties"]["LoggingConfig"] for each in functions)
    for group in resources(deployment.tuning_template, "AWS::Logs::LogGroup").values():
        assert group["Properties"]["RetentionInDays"] == 90
    # No managed policy: each function writes to its own log group alone.
    deployment.tuning_template.all_resources_properties("AWS::IAM::Role", {"ManagedPolicyArns": Match.absent()})


def test_quotas_say_what_is_needed_and_request_only_where_told_to(deployment: Deployment) -> None:
    quotas = resources(deployment.data_template, "Custom::GpuTrainingQuota").values()
    declared = [{key: value for key, value in each["Properties"].items() if key != "ServiceToken"} for each in quotas]

    assert declared == [
        {
            "ServiceTimeout": "600",
            "QuotaName": "ml.p3.2xlarge for training job usage",
            "Instances": 2,
            "OnShortfall": "REQUEST_INCREASE",
        },
        {
            "ServiceTimeout": "600",
            "QuotaName": "ml.g5.xlarge for spot training job usage",
            "Instances": {"Ref": "Number"},
            "OnShortfall": "FAIL",
        },
    ]
    reading = [
        "servicequotas:ListAWSDefaultServiceQuotas",
        "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
        "servicequotas:ListServiceQuotas",
    ]
    requesting = ["iam:CreateServiceLinkedRole", "servicequotas:RequestServiceQuotaIncrease"]
    logging = ["logs:CreateLogStream", "logs:PutLogEvents"]
    allowed = actions(statements(deployment.data_template, "GpuQuotaProviderRole"))
    assert allowed == sorted(reading + requesting + logging)
    stack = cdk.Stack(None, "Stack")
    GpuTrainingQuota(stack, "Quota", instance_type="ml.g5.xlarge", instances=1, on_shortfall=OnShortfall.WARN)
    cautious = actions(statements(Template.from_stack(stack), "GpuQuotaProviderRole"))
    assert cautious == sorted(reading + logging)


def test_the_asset_has_the_handlers_alone(deployment: Deployment) -> None:
    functions = resources(deployment.tuning_template, "AWS::Lambda::Function").values()
    (key,) = {
        each["Properties"]["Code"]["S3Key"]
        for each in functions
        if each["Properties"]["Handler"].startswith("handlers.")
    }
    asset = deployment.folder / f"asset.{key.removesuffix('.zip')}"

    assert [path.name for path in asset.iterdir()] == ["handlers"]
    names = {path.name for path in (asset / "handlers").rglob("*")}
    assert {"tuning_job.py", "gpu_quota.py", "contract.py", "__init__.py", "request_model.json", "rules"} <= names
    assert not any(name == "__pycache__" or name.endswith(".pyc") for name in names)


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


def test_channels_can_have_a_key_of_yours_and_go_with_their_stack() -> None:
    stack = cdk.Stack(None, "Stack")
    key = kms.Key(stack, "Key")
    channels = TrainingChannels(stack, "Channels", encryption_key=key, removal_policy=cdk.RemovalPolicy.DESTROY)
    template = Template.from_stack(stack)

    assert channels.encryption_key is key
    template.resource_count_is("AWS::KMS::Key", 1)
    template.all_resources("AWS::S3::Bucket", {"DeletionPolicy": "Delete"})


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
    "quota": (
        lambda: GpuTrainingQuota(_stack(), "Quota", instance_type="p3.2xlarge", instances=0),
        "Stack/Quota: the declaration breaks 2 rules:\n  instance_type must be one of SageMaker's, such as "
        "'ml.g5.xlarge', got 'p3.2xlarge'\n  instances must be a whole number of at least 1, got 0",
    ),
    "half an instance": (
        lambda: GpuTrainingQuota(_stack(), "Quota", instance_type="ml.p3.2xlarge", instances=1.5),
        "Stack/Quota: instances must be a whole number of at least 1, got 1.5",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_declarations_fail_at_synth(case: str) -> None:
    declare, message = BAD[case]

    with pytest.raises(ValidationError) as raised:
        declare()

    assert str(raised.value) == message
