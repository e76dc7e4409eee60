"""Lambda functions of ``infra/handlers``: one way to declare them all."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.handlers import contract


def handler_function(
    scope: Construct,
    id: str,  # noqa: A002
    *,
    description: str,
    handler: str,
    role: iam.IRole,
    log_group: logs.ILogGroup,
) -> lambda_.Function:
    """A function with an entry point of the handlers."""
    return lambda_.Function(
        scope,
        id,
        description=f"{description}: {handler}",
        runtime=lambda_.Runtime.PYTHON_3_14,
        code=_handler_code(),
        handler=handler,
        role=role,
        log_group=log_group,
        timeout=cdk.Duration.minutes(2),
        memory_size=256,
    )


def handler_logs(scope: Construct, id: str) -> logs.LogGroup:  # noqa: A002
    """A log group that keeps lines for three months, and outlives a stack that is rolled back: its error names it."""
    return logs.LogGroup(scope, id, retention=logs.RetentionDays.THREE_MONTHS)


def lambda_role(scope: Construct, id: str, log_group: logs.ILogGroup) -> iam.Role:  # noqa: A002
    """A role with the right to write to one log group, in place of AWS's managed policy for all of them."""
    role = iam.Role(scope, id, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    return role


def _handler_code() -> lambda_.Code:
    """The folder ``handlers`` and nothing beside it, from a checkout or an installed package alike."""
    return lambda_.Code.from_asset(
        str(Path(contract.__file__).parent.parent),
        ignore_mode=cdk.IgnoreMode.GIT,
        exclude=["/*", "!/handlers", "__pycache__", "*.pyc", ".*"],
    )
