"""What creates, re-tags and stops a stack's tuning jobs."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from constructs_lib._nag import acknowledge, wildcard
from constructs_lib._stack_provider import HandlerFunctions, StackProvider
from infra.handlers import contract


class TuningJobProvider(StackProvider):
    """It may pass no role before :meth:`allow_pass_role` names one."""

    ID = "TuningJobProvider"

    SERVICE_TIMEOUT = cdk.Duration.minutes(50)
    """Give this to a custom resource that waits for no result: above every bound but that of waiting for one, so
    that CloudFormation does not wait an hour for functions that died."""

    @classmethod
    def _make(cls, stack: cdk.Stack) -> IConstruct:
        return _TuningJobFunctions(stack, cls.ID)

    def allow_pass_role(self, role: iam.IRole) -> None:
        """Let tuning jobs of this stack run with ``role``: the provider may pass it, to SageMaker alone."""
        self._allow_pass_role(role, "sagemaker.amazonaws.com")


class _TuningJobFunctions(HandlerFunctions):
    def __init__(self, scope: Construct, id: str) -> None:  # noqa: A002
        super().__init__(
            scope,
            id,
            description="Hyperparameter tuning jobs",
            on_event=contract.TUNING_JOB_HANDLER,
            is_complete=contract.TUNING_JOB_COMPLETION_HANDLER,
        )
        jobs = cdk.Stack.of(self).format_arn(
            service="sagemaker", resource="hyper-parameter-tuning-job", resource_name="*"
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="TuningJobs",
                actions=[
                    "sagemaker:AddTags",
                    "sagemaker:CreateHyperParameterTuningJob",
                    "sagemaker:DeleteHyperParameterTuningJob",
                    "sagemaker:DeleteTags",
                    "sagemaker:DescribeHyperParameterTuningJob",
                    "sagemaker:ListTags",
                    "sagemaker:StopHyperParameterTuningJob",
                ],
                resources=[jobs],
            )
        )
        acknowledge(
            self.role,
            "A tuning job's name comes from its declaration; the jobs of earlier declarations, whose names "
            "the template no longer has, must be stopped as well.",
            wildcard(self, jobs),
        )
