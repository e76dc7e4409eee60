"""What hands published results to stacks."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ssm as ssm
from constructs import IConstruct

from constructs_lib._stack_provider import HandlerFunctions, StackProvider
from infra.handlers import contract


class BestTrainingJobProvider(StackProvider):
    """It reads the results that it is told of, and no others."""

    ID = "BestTrainingJobProvider"

    SERVICE_TIMEOUT = cdk.Duration.minutes(10)
    """Give this to the custom resource."""

    @classmethod
    def _make(cls, stack: cdk.Stack) -> IConstruct:
        handler = contract.BEST_TRAINING_JOB_HANDLER
        return HandlerFunctions(stack, cls.ID, description="Best training jobs", on_event=handler)

    def allow_read(self, parameter: ssm.IStringParameter) -> None:
        """Let it read one result."""
        statement = iam.PolicyStatement(actions=["ssm:GetParameter"], resources=[parameter.parameter_arn])
        self._role.add_to_principal_policy(statement)
