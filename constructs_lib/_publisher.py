"""The Lambda function that publishes results of tuning jobs, once per stack."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from constructs_lib._functions import handler_function, handler_logs, lambda_role
from constructs_lib._nag import acknowledge, wildcard
from infra.handlers import contract

_ENDS = ["Completed", "Failed", "Stopped"]


class Publisher(Construct):
    """Reads what ended, and writes its result to a parameter and a topic: a function, once per stack.

    Args:
        scope: the stack.
        id: id in it.
        description: whose results they are.
        handler: the function's entry point.
    """

    def __init__(self, scope: Construct, id: str, *, description: str, handler: str) -> None:  # noqa: A002
        super().__init__(scope, id)
        log_group = handler_logs(self, "Logs")
        self._role = lambda_role(self, "Role", log_group)
        self.function: lambda_.Function = handler_function(
            self, "Publish", description=description, handler=handler, role=self._role, log_group=log_group
        )

    def _publish(
        self,
        scope: Construct,
        *,
        subject: dict[str, str],
        description: str,
        pattern: events.EventPattern | None,
        parameter: ssm.StringParameter,
        topic: sns.ITopic | None,
        every: cdk.Duration,
    ) -> None:
        """Publish about ``subject`` on events of a pattern, and at intervals."""
        self._allow_actions(["ssm:GetParameter", "ssm:PutParameter"], parameter.parameter_arn)
        called_with = {**subject, contract.RESULT_PARAMETER: parameter.parameter_name}
        if topic is not None:
            topic.grant_publish(self._role)
            called_with[contract.RESULT_TOPIC] = topic.topic_arn
        rule = events.Rule(
            scope, "Rule", description=description, event_pattern=pattern, schedule=events.Schedule.rate(every)
        )
        rule.add_target(targets.LambdaFunction(self.function, event=events.RuleTargetInput.from_object(called_with)))

    def _allow_actions(self, actions: list[str], resource: str) -> None:
        self._role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource]))


class ResultPublisher(Publisher):
    """The publisher of tuning jobs."""

    def __init__(self, scope: Construct, id: str) -> None:  # noqa: A002
        super().__init__(scope, id, description="Results of tuning jobs", handler=contract.RESULT_HANDLER)

    @classmethod
    def get_or_create(cls, scope: Construct) -> ResultPublisher:
        """The publisher of ``scope``'s stack."""
        stack = cdk.Stack.of(scope)
        found = stack.node.try_find_child("TuningResultPublisher")
        return found if isinstance(found, ResultPublisher) else cls(stack, "TuningResultPublisher")

    def publish(
        self,
        scope: Construct,
        *,
        tuning_job_name: str,
        tuning_job_arn: str,
        parameter: ssm.StringParameter,
        topic: sns.ITopic | None,
        every: cdk.Duration,
    ) -> None:
        """Publish the result of a job when it ends, and look at intervals in case that an event was missed."""
        self._allow(tuning_job_name, tuning_job_arn)
        pattern = events.EventPattern(
            source=["aws.sagemaker"],
            detail_type=["SageMaker HyperParameter Tuning Job State Change"],
            detail={contract.TUNING_JOB_NAME: [tuning_job_name], contract.RESULT_STATUS: _ENDS},
        )
        self._publish(
            scope,
            subject={contract.TUNING_JOB_NAME: tuning_job_name},
            description="The tuning job ended, or may have ended unnoticed",
            pattern=pattern,
            parameter=parameter,
            topic=topic,
            every=every,
        )

    def _allow(self, tuning_job_name: str, tuning_job_arn: str) -> None:
        # Training jobs are named after their tuning job; which one is the best is not known before.
        training_jobs = cdk.Stack.of(self).format_arn(
            service="sagemaker", resource="training-job", resource_name=f"{tuning_job_name}-*"
        )
        self._allow_actions(["sagemaker:DescribeHyperParameterTuningJob"], tuning_job_arn)
        self._allow_actions(["sagemaker:DescribeTrainingJob"], training_jobs)
        acknowledge(
            self._role,
            "Training jobs are named after their tuning job; which one is the best is known at its end.",
            wildcard(self, training_jobs),
        )
