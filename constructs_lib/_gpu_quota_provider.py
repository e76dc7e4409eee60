"""What compares a stack's training quotas with what it needs."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from constructs_lib._nag import acknowledge, wildcard
from constructs_lib._stack_provider import HandlerFunctions, StackProvider
from infra.handlers import contract


class GpuQuotaProvider(StackProvider):
    """It reads quotas, and requests none before :meth:`allow_requests`."""

    ID = "GpuQuotaProvider"

    SERVICE_TIMEOUT = cdk.Duration.minutes(10)
    """Give this to a custom resource that waits for no increase."""

    WAITING_SERVICE_TIMEOUT = cdk.Duration.minutes(60)
    """Give this to one that does: the most that CloudFormation waits."""

    @classmethod
    def _make(cls, stack: cdk.Stack) -> IConstruct:
        return _GpuQuotaFunctions(stack, cls.ID)

    def allow_requests(self) -> None:
        """Let it request increases of SageMaker's quotas; without this it only reads."""
        stack = cdk.Stack.of(self._root)
        quotas = stack.format_arn(service="servicequotas", resource="sagemaker", resource_name="*")
        self._role.add_to_principal_policy(
            iam.PolicyStatement(actions=["servicequotas:RequestServiceQuotaIncrease"], resources=[quotas])
        )
        # The account's first request makes Service Quotas create its service-linked role.
        linked_role = stack.format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name="aws-service-role/servicequotas.amazonaws.com/AWSServiceRoleForServiceQuotas",
        )
        self._role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["iam:CreateServiceLinkedRole"],
                resources=[linked_role],
                conditions={"StringEquals": {"iam:AWSServiceName": "servicequotas.amazonaws.com"}},
            )
        )
        acknowledge(
            self._role,
            "Quota codes are looked up by name at deploy; requests are limited to SageMaker's quotas.",
            wildcard(self._root, quotas),
        )


class _GpuQuotaFunctions(HandlerFunctions):
    def __init__(self, scope: Construct, id: str) -> None:  # noqa: A002
        super().__init__(
            scope,
            id,
            description="Training quotas",
            on_event=contract.GPU_QUOTA_HANDLER,
            is_complete=contract.GPU_QUOTA_COMPLETION_HANDLER,
            query_interval=cdk.Duration.seconds(30),
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="ReadQuotas",
                actions=[
                    "servicequotas:ListAWSDefaultServiceQuotas",
                    "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
                    "servicequotas:ListServiceQuotas",
                ],
                resources=["*"],
            )
        )
        acknowledge(
            self.role,
            "Reading quotas and requests cannot be limited to a resource.",
            "AwsSolutions-IAM5[Resource::*]",
        )
