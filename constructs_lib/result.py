"""The result of a tuning job, which comes long after the deployment that started it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from constructs_lib._publisher import ResultPublisher
from constructs_lib._tokens import is_unresolved
from constructs_lib.alarms import TuningJobAlarms
from constructs_lib.errors import ValidationError
from infra.handlers import contract

_DEFAULT_INTERVAL = cdk.Duration.hours(1)


class ITuningJobResult(Protocol):
    """A published result, in this app or elsewhere."""

    @property
    def best_training_job_parameter(self) -> ssm.IStringParameter:
        """The parameter with the result, as JSON."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets a principal read the result."""


class ImportedTuningJobResult(Construct):
    """A result that another stack publishes."""

    def __init__(self, scope: Construct, id: str, *, parameter_name: str) -> None:  # noqa: A002
        super().__init__(scope, id)
        self._parameter = ssm.StringParameter.from_string_parameter_attributes(
            self, "Parameter", parameter_name=parameter_name, simple_name=_is_simple(parameter_name)
        )

    @property
    def best_training_job_parameter(self) -> ssm.IStringParameter:
        """The parameter with the result, as JSON."""
        return self._parameter

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets a principal read the result."""
        return self._parameter.grant_read(grantee)


class TuningJobResult(Construct):
    """Publishes the end of a tuning job: status, counters and best training job, in an SSM parameter and to a topic.

    `HyperParameterTuningJob.publish_result` makes one. The parameter holds one JSON object; before the job ends, its
    name and the status ``InProgress`` alone. A job that failed or was stopped is published as such.

    Args:
        scope: parent of the construct.
        id: id in the parent.
        tuning_job_name: the job.
        tuning_job_arn: the job.
        parameter_name: name of the parameter. Default: None, ``/tuning/<stack>/<path of the job in the stack>``.
        topic: topic that gets the same JSON once the job has ended, at least once. Default: None.
        reconcile_every: how often to look in case that an event was missed, a minute or more. Default: None, an hour.
        longest_run: after how long the job's limits end it, as the alarm's default. Default: None, not known.

    Raises:
        ValidationError: if the name or the interval cannot be used.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        tuning_job_name: str,
        tuning_job_arn: str,
        parameter_name: str | None = None,
        topic: sns.ITopic | None = None,
        reconcile_every: cdk.Duration | None = None,
        longest_run: cdk.Duration | None = None,
    ) -> None:
        super().__init__(scope, id)
        every = _DEFAULT_INTERVAL if reconcile_every is None else reconcile_every
        self._parameter = result_parameter(
            self,
            name=default_result_name(scope) if parameter_name is None else parameter_name,
            every=every,
            description="Result of a tuning job; written when the job ends",
            initial={contract.TUNING_JOB_NAME: tuning_job_name, contract.RESULT_STATUS: "InProgress"},
        )
        self._longest_run, self._every = longest_run, every
        self._publisher = ResultPublisher.get_or_create(self)
        self._publisher.publish(
            self,
            tuning_job_name=tuning_job_name,
            tuning_job_arn=tuning_job_arn,
            parameter=self._parameter,
            topic=topic,
            every=every,
        )

    @classmethod
    def from_result_parameter(cls, scope: Construct, id: str, parameter_name: str) -> ITuningJobResult:  # noqa: A002
        """A result that another stack publishes, by its parameter's name."""
        return ImportedTuningJobResult(scope, id, parameter_name=parameter_name)

    @property
    def best_training_job_parameter(self) -> ssm.IStringParameter:
        """The parameter with the result, as JSON."""
        return self._parameter

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets a principal read the result."""
        return self._parameter.grant_read(grantee)

    def add_alarms(
        self, *, action: cloudwatch.IAlarmAction | None = None, running_longer_than: cdk.Duration | None = None
    ) -> TuningJobAlarms:
        """Alarms of a job that failed, that runs too long, or whose result cannot be published.

        Args:
            action: what an alarm does, such as to notify a topic. Default: None.
            running_longer_than: Default: None, the job's own limits.

        Raises:
            ValidationError: if neither is known.
        """
        longest = self._longest_run if running_longer_than is None else running_longer_than
        if longest is None:
            text = "running_longer_than must be given, since the job's limits are known at deployment only"
            raise ValidationError(self.node.path, [text])
        return TuningJobAlarms(
            self,
            "Alarms",
            parameter_name=self._parameter.parameter_name,
            publisher=self._publisher.function,
            running_longer_than=longest,
            reconcile_every=self._every,
            action=action,
        )


def result_parameter(
    scope: Construct, *, name: str, every: cdk.Duration, description: str, initial: Mapping[str, str]
) -> ssm.StringParameter:
    """The parameter of a result, as the child "Parameter", with what it says before the end.

    Raises:
        ValidationError: if the name, or the interval at which its end is looked for, cannot be used.
    """
    problems = []
    if not is_unresolved(name) and "/" in name and not name.startswith("/"):
        problems.append(f"parameter_name must begin with a slash if it has one, got {name!r}")
    seconds = every.to_seconds()
    if seconds < 60 or seconds % 60:
        problems.append(f"reconcile_every must be whole minutes, at least 1, got {seconds:g} seconds")
    if problems:
        raise ValidationError(scope.node.path, problems)
    return ssm.StringParameter(
        scope,
        "Parameter",
        parameter_name=name,
        simple_name=_is_simple(name),
        description=description,
        string_value=json.dumps(initial, separators=(",", ":")),
        tier=ssm.ParameterTier.INTELLIGENT_TIERING,
    )


def _is_simple(name: str) -> bool:
    """Whether a parameter's name has no path; names that are known at deployment only are taken to have none."""
    return is_unresolved(name) or "/" not in name


def default_result_name(job: Construct) -> str:
    """The name of a result's parameter: ``/tuning/<stack>/<path of the job in the stack>``."""
    stack = cdk.Stack.of(job)
    path = job.node.path.removeprefix(stack.node.path).strip("/")
    # The name of a nested stack is known at deployment only, and a parameter's name must say whether it is a path.
    name = stack.node.path if is_unresolved(stack.stack_name) else stack.stack_name
    return f"/tuning/{name}/{path}"
