"""The role that SageMaker assumes to run training jobs."""

from __future__ import annotations

from typing import Protocol

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib._nag import acknowledge, wildcard
from constructs_lib.training_channels import ITrainingChannels

_METRICS_NAMESPACE = "/aws/sagemaker/TrainingJobs"
_LOG_GROUP = "/aws/sagemaker/TrainingJobs"


class _Pullable(Protocol):
    def grant_pull(self, grantee: iam.IGrantable) -> iam.Grant: ...


class TrainingRole(iam.Role):
    """An execution role for training jobs with just what they need.

    It reads the input channels, puts objects into the output bucket, uses their key, pulls the one image, writes
    training logs and publishes training metrics. SageMaker may assume it on behalf of this account only.

    Args:
        scope: the parent.
        id: unique below the parent.
        channels: the buckets that jobs read and write.
        image: the training image, such as a :class:`Seq2SeqImage`.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        channels: ITrainingChannels,
        image: _Pullable,
    ) -> None:
        account = cdk.Stack.of(scope).account
        super().__init__(
            scope,
            id,
            # Else SageMaker could be made to use this role by a job of another account.
            assumed_by=iam.ServicePrincipal(
                "sagemaker.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": account}}
            ),
            description="Reads the training channels, writes models, logs and metrics of training jobs",
        )
        channels.grant_read(self)
        channels.grant_write_output(self)
        image.grant_pull(self)
        self._allow_logs_and_metrics()
        self._acknowledge_wildcards(channels)

    def _allow_logs_and_metrics(self) -> None:
        group, streams = self._log_arns()
        self.add_to_policy(iam.PolicyStatement(sid="TrainingLogs", actions=["logs:CreateLogGroup"], resources=[group]))
        self.add_to_policy(
            iam.PolicyStatement(
                sid="TrainingLogStreams",
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[streams],
            )
        )
        self.add_to_policy(
            iam.PolicyStatement(
                sid="TrainingMetrics",
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringEquals": {"cloudwatch:namespace": _METRICS_NAMESPACE}},
            )
        )

    def _log_arns(self) -> tuple[str, str]:
        group = cdk.Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=_LOG_GROUP,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        return group, f"{group}:*"

    def _acknowledge_wildcards(self, channels: ITrainingChannels) -> None:
        acknowledge(
            self,
            "Neither cloudwatch:PutMetricData (limited to one namespace here) nor ecr:GetAuthorizationToken "
            "can be limited to a resource.",
            "AwsSolutions-IAM5[Resource::*]",
        )
        acknowledge(
            self, "SageMaker names the log streams after its training jobs.", wildcard(self, self._log_arns()[1])
        )
        acknowledge(
            self,
            "Each bucket serves one channel, whose objects have names of the user's choice.",
            *(
                wildcard(self, bucket.arn_for_objects("*"))
                for bucket in (channels.train, channels.validation, channels.vocab, channels.output)
            ),
        )
