"""The result of a solution version that may train longer than a deployment can wait."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from constructs_lib._publisher import Publisher
from constructs_lib.result import default_result_name, result_parameter
from infra.handlers import personalize_contract as contract

_DEFAULT_INTERVAL = cdk.Duration.minutes(15)


class SolutionResult(Construct):
    """Publishes the end of a solution version: status, tuned hyperparameters and metrics, in an SSM parameter.

    `PersonalizeSolution.publish_result` makes one. The parameter holds one JSON object in the API's names; before the
    end, the version's ARN and the status ``CREATE IN_PROGRESS`` alone.

    Args:
        scope: the parent.
        id: unique below the parent.
        solution_version_arn: the version.
        parameter_name: name of the parameter. Default: None, ``/tuning/<stack>/<path of the solution in the stack>``.
        topic: topic that gets the same JSON at the end, at least once. Default: None.
        reconcile_every: how often to look, a minute or more: the service tells no end. Default: None, 15 minutes.

    Raises:
        ValidationError: if the name or the interval cannot be used.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        solution_version_arn: str,
        parameter_name: str | None = None,
        topic: sns.ITopic | None = None,
        reconcile_every: cdk.Duration | None = None,
    ) -> None:
        super().__init__(scope, id)
        every = _DEFAULT_INTERVAL if reconcile_every is None else reconcile_every
        self._parameter = result_parameter(
            self,
            name=default_result_name(scope) if parameter_name is None else parameter_name,
            every=every,
            description="Result of a solution version; written when its training ends",
            initial={contract.SOLUTION_VERSION_ARN: solution_version_arn, contract.RESULT_STATUS: "CREATE IN_PROGRESS"},
        )
        _SolutionPublisher.get_or_create(self).publish(
            self, solution_version_arn=solution_version_arn, parameter=self._parameter, topic=topic, every=every
        )

    @property
    def parameter(self) -> ssm.IStringParameter:
        """The parameter with the result, as JSON."""
        return self._parameter

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets a principal read the result."""
        return self._parameter.grant_read(grantee)


class _SolutionPublisher(Publisher):
    def __init__(self, scope: Construct, id: str) -> None:  # noqa: A002
        handler = contract.PERSONALIZE_RESULT_HANDLER
        super().__init__(scope, id, description="Results of Personalize solution versions", handler=handler)

    @classmethod
    def get_or_create(cls, scope: Construct) -> _SolutionPublisher:
        """The publisher of ``scope``'s stack."""
        stack = cdk.Stack.of(scope)
        found = stack.node.try_find_child("SolutionResultPublisher")
        return found if isinstance(found, _SolutionPublisher) else cls(stack, "SolutionResultPublisher")

    def publish(
        self,
        scope: Construct,
        *,
        solution_version_arn: str,
        parameter: ssm.StringParameter,
        topic: sns.ITopic | None,
        every: cdk.Duration,
    ) -> None:
        """Look at intervals whether a version has ended."""
        self._allow_actions(
            ["personalize:DescribeSolutionVersion", "personalize:GetSolutionMetrics"], solution_version_arn
        )
        self._publish(
            scope,
            subject={contract.SOLUTION_VERSION_ARN: solution_version_arn},
            description="The solution version may have ended",
            pattern=None,
            parameter=parameter,
            topic=topic,
            every=every,
        )
