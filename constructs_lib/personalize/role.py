"""The role that Personalize assumes to read interactions."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib._nag import acknowledge, wildcard


class PersonalizeRole(iam.Role):
    """Reads the objects of one bucket below a prefix, for Personalize on behalf of this account only.

    The bucket's policy lets Personalize in as well, as the service demands; an imported bucket's owner has to do that.

    Args:
        scope: the parent.
        id: unique below the parent.
        bucket: where the files are.
        key_prefix: keys begin with it. Default: "", the whole bucket.
    """

    def __init__(self, scope: Construct, id: str, *, bucket: s3.IBucket, key_prefix: str = "") -> None:  # noqa: A002
        account = cdk.Stack.of(scope).account
        mine = {"StringEquals": {"aws:SourceAccount": account}}
        principal = iam.ServicePrincipal("personalize.amazonaws.com", conditions=mine)
        super().__init__(scope, id, assumed_by=principal, description="Reads interactions for Amazon Personalize")
        objects = bucket.arn_for_objects(f"{key_prefix}*")
        self.add_to_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]))
        self.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[objects]))
        if bucket.encryption_key is not None:
            bucket.encryption_key.grant_decrypt(self)
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("personalize.amazonaws.com")],
                actions=["s3:GetObject", "s3:ListBucket"],
                resources=[bucket.bucket_arn, objects],
                conditions=mine,
            )
        )
        reason = "Files below the prefix have names of the user's choice."
        acknowledge(self, reason, wildcard(self, objects))
        home = cdk.Stack.of(bucket)
        if isinstance(bucket, s3.Bucket) and home is not cdk.Stack.of(self) and home.environment == _place(self):
            # The template refers to a bucket of another stack by this export, which CDK makes in any case.
            acknowledge(self, reason, wildcard(self, f"{home.export_value(bucket.bucket_arn)}/{key_prefix}*"))


def _place(scope: Construct) -> str:
    return cdk.Stack.of(scope).environment
