"""The buckets that a training job reads its channels from and writes its model to."""

from __future__ import annotations

from typing import Protocol

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.channel import Channel


class ITrainingChannels(Protocol):
    """Buckets of the sequence-to-sequence algorithm's input channels and of its output."""

    @property
    def train(self) -> s3.IBucket:
        """Bucket of the channel ``train``."""

    @property
    def validation(self) -> s3.IBucket:
        """Bucket of the channel ``validation``."""

    @property
    def vocab(self) -> s3.IBucket:
        """Bucket of the channel ``vocab``."""

    @property
    def output(self) -> s3.IBucket:
        """Bucket that model artifacts are written to."""

    @property
    def encryption_key(self) -> kms.IKey | None:
        """The key that encrypts all four buckets; None when S3 manages the keys."""

    def input_channels(self, prefix: str = "") -> dict[str, Channel]:
        """The channels of a training job that reads what is below ``prefix`` in each input bucket."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow ``grantee`` to list and read the input channels, nothing else."""

    def grant_write_output(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow ``grantee`` to put objects into the output bucket, nothing else."""


class _Channels(Construct):
    """What new and imported channels have in common."""

    def _hold(
        self,
        train: s3.IBucket,
        validation: s3.IBucket,
        vocab: s3.IBucket,
        output: s3.IBucket,
        encryption_key: kms.IKey | None,
    ) -> None:
        self._inputs = {"train": train, "validation": validation, "vocab": vocab}
        self._output = output
        self._encryption_key = encryption_key

    @property
    def train(self) -> s3.IBucket:
        """Bucket of the channel ``train``."""
        return self._inputs["train"]

    @property
    def validation(self) -> s3.IBucket:
        """Bucket of the channel ``validation``."""
        return self._inputs["validation"]

    @property
    def vocab(self) -> s3.IBucket:
        """Bucket of the channel ``vocab``."""
        return self._inputs["vocab"]

    @property
    def output(self) -> s3.IBucket:
        """Bucket that model artifacts are written to."""
        return self._output

    @property
    def encryption_key(self) -> kms.IKey | None:
        """The key that encrypts all four buckets; None when S3 manages the keys."""
        return self._encryption_key

    def input_channels(self, prefix: str = "") -> dict[str, Channel]:
        """The channels of a training job that reads what is below ``prefix`` in each input bucket.

        Args:
            prefix: the same in each bucket, such as a corpus's name. Default: the whole bucket.
        """
        return {name: Channel.from_bucket(bucket, prefix) for name, bucket in self._inputs.items()}

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow ``grantee`` to list and read the input channels and to decrypt with their key, nothing else."""
        grants = []
        for bucket in self._inputs.values():
            grants.append(_grant(grantee, bucket, ["s3:ListBucket"], bucket.bucket_arn))
            grants.append(_grant(grantee, bucket, ["s3:GetObject"], bucket.arn_for_objects("*")))
        if self._encryption_key is not None:
            grants.append(self._encryption_key.grant_decrypt(grantee))
        return _combined(grants)

    def grant_write_output(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow ``grantee`` to put objects into the output bucket, encrypted with its key, nothing else."""
        grants = [_grant(grantee, self._output, ["s3:PutObject"], self._output.arn_for_objects("*"))]
        if self._encryption_key is not None:
            # A multipart upload is put together from encrypted parts, which takes the right to decrypt.
            grants.append(self._encryption_key.grant(grantee, "kms:GenerateDataKey", "kms:Decrypt"))
        return _combined(grants)


class TrainingChannels(_Channels):
    """Four private buckets (``train``, ``validation``, ``vocab``, ``output``) under one key, with access logs.

    Every bucket is versioned, encrypted with a rotated KMS key, reachable over TLS only, closed to the public and owned
    by its account alone; old versions expire after 30 days, unfinished uploads after 7, access logs after 90.

    Args:
        scope: the parent.
        id: unique below the parent.
        encryption_key: key for all four buckets. Default: a new one, rotated every year.
        removal_policy: what becomes of buckets and key with the stack. Default: ``RETAIN``, since models cost money.
            ``DESTROY`` removes empty buckets; a bucket with objects in it stops the removal.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        encryption_key: kms.IKey | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id)
        # A bucket without ACLs takes access logs by a bucket policy only: what CDK does under its recommended flag,
        # here for apps that do not set it as well.
        self.node.set_context("@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy", True)
        key = _new_key(self, removal_policy) if encryption_key is None else encryption_key
        logs = _access_log_bucket(self, removal_policy)

        def bucket(channel: str) -> s3.Bucket:
            return _channel_bucket(self, channel, key=key, logs=logs, removal_policy=removal_policy)

        self._hold(bucket("Train"), bucket("Validation"), bucket("Vocab"), bucket("Output"), key)
        self.access_logs: s3.IBucket = logs
        """Bucket with the server access logs of the four others."""

    @staticmethod
    def from_buckets(
        scope: Construct,
        id: str,  # noqa: A002
        *,
        train: s3.IBucket,
        validation: s3.IBucket,
        vocab: s3.IBucket,
        output: s3.IBucket,
        encryption_key: kms.IKey | None = None,
    ) -> ITrainingChannels:
        """Channels in buckets that exist; the same bucket may serve several.

        Args:
            scope: the parent.
            id: unique below the parent.
            train: bucket of the channel ``train``.
            validation: bucket of the channel ``validation``.
            vocab: bucket of the channel ``vocab``.
            output: bucket that model artifacts are written to.
            encryption_key: the key of the buckets, which grants then include. Default: no customer key.
        """
        channels = _Channels(scope, id)
        channels._hold(train, validation, vocab, output, encryption_key)
        return channels


def _new_key(scope: Construct, removal_policy: cdk.RemovalPolicy) -> kms.Key:
    return kms.Key(
        scope,
        "Key",
        description=f"Training channels and models of {scope.node.path}",
        enable_key_rotation=True,
        removal_policy=removal_policy,
    )


def _access_log_bucket(scope: Construct, removal_policy: cdk.RemovalPolicy) -> s3.Bucket:
    return s3.Bucket(
        scope,
        "AccessLogs",
        encryption=s3.BucketEncryption.S3_MANAGED,  # the log delivery service may use no customer key
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        lifecycle_rules=[s3.LifecycleRule(id="expire", expiration=cdk.Duration.days(90))],
        removal_policy=removal_policy,
    )


def _channel_bucket(
    scope: Construct, channel: str, *, key: kms.IKey, logs: s3.Bucket, removal_policy: cdk.RemovalPolicy
) -> s3.Bucket:
    return s3.Bucket(
        scope,
        channel,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        versioned=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="tidy",
                noncurrent_version_expiration=cdk.Duration.days(30),
                abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
            )
        ],
        server_access_logs_bucket=logs,
        server_access_logs_prefix=f"{channel.lower()}/",
        removal_policy=removal_policy,
    )


def _grant(grantee: iam.IGrantable, bucket: s3.IBucket, actions: list[str], arn: str) -> iam.Grant:
    """Allow ``actions`` alone; CDK's ``grant_read`` would allow ``GetObject*``, ``GetBucket*`` and ``List*``."""
    return iam.Grant.add_to_principal_or_resource(
        grantee=grantee, actions=actions, resource_arns=[arn], resource=bucket
    )


def _combined(grants: list[iam.Grant]) -> iam.Grant:
    combined = grants[0]
    for grant in grants[1:]:
        combined = combined.combine(grant)
    return combined
