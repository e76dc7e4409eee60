"""Buckets, keys and the training role."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Match, Template

from constructs_lib.training_channels import TrainingChannels
from tests.unit.constructs_lib.infrastructure.deployment import Deployment
from tests.unit.constructs_lib.infrastructure.templates import actions, resources, statements


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


def test_channels_can_have_a_key_of_yours_and_go_with_their_stack() -> None:
    stack = cdk.Stack(None, "Stack")
    key = kms.Key(stack, "Key")
    channels = TrainingChannels(stack, "Channels", encryption_key=key, removal_policy=cdk.RemovalPolicy.DESTROY)
    template = Template.from_stack(stack)

    assert channels.encryption_key is key
    template.resource_count_is("AWS::KMS::Key", 1)
    template.all_resources("AWS::S3::Bucket", {"DeletionPolicy": "Delete"})


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
