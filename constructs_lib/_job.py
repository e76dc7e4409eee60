"""What declared and imported tuning jobs have in common: who may see and stop them, events and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, Protocol

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

# What SageMaker calls its events, and where it and EventBridge publish metrics.
_SOURCE: Final = "aws.sagemaker"
_TUNING_EVENT: Final = "SageMaker HyperParameter Tuning Job State Change"
_TRAINING_EVENT: Final = "SageMaker Training Job State Change"
_TRAINING_METRICS: Final = "/aws/sagemaker/TrainingJobs"
_FIVE_MINUTES: Final = 300


class TuningJobStatus(Enum):
    """The states of a tuning job."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    DELETING = "Deleting"
    DELETE_FAILED = "DeleteFailed"


class IHyperParameterTuningJob(Protocol):
    """A tuning job, declared in this app or elsewhere."""

    @property
    def tuning_job_name(self) -> str:
        """The job's name."""
        ...

    @property
    def tuning_job_arn(self) -> str:
        """The job's ARN."""
        ...

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets a principal see the job and its training jobs."""
        ...

    def grant_stop(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets a principal stop the job."""
        ...

    def on_state_change(
        self,
        id: str,  # noqa: A002
        *,
        statuses: Sequence[TuningJobStatus] | None = None,
        target: events.IRuleTarget | None = None,
        description: str | None = None,
    ) -> events.Rule:
        """A rule for the job's changes of state."""
        ...

    def metric(
        self, metric_name: str, *, statistic: str = "Average", period: Duration | None = None, label: str | None = None
    ) -> cloudwatch.MathExpression:
        """A metric of the algorithm, a line for each training job."""
        ...


class TuningJobBase(Construct):
    """What declared and imported jobs have in common."""

    @property
    def tuning_job_name(self) -> str:
        """The job's name."""
        raise NotImplementedError

    @property
    def tuning_job_arn(self) -> str:
        """The job's ARN."""
        raise NotImplementedError

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets a principal see the job, its tags and its training jobs."""
        stack = Stack.of(self)
        # Training jobs are named after their tuning job.
        training = stack.format_arn(
            service="sagemaker",
            resource="training-job",
            resource_name=f"{self.tuning_job_name}-*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=[
                "sagemaker:DescribeHyperParameterTuningJob",
                "sagemaker:ListTrainingJobsForHyperParameterTuningJob",
                "sagemaker:DescribeTrainingJob",
                "sagemaker:ListTags",
            ],
            resource_arns=[self.tuning_job_arn, training],
        )

    def grant_stop(self, grantee: iam.IGrantable) -> iam.Grant:
        """Lets a principal stop the job; what its training jobs have done stays."""
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["sagemaker:StopHyperParameterTuningJob"],
            resource_arns=[self.tuning_job_arn],
        )

    def on_state_change(
        self,
        id: str,  # noqa: A002
        *,
        statuses: Sequence[TuningJobStatus] | None = None,
        target: events.IRuleTarget | None = None,
        description: str | None = None,
    ) -> events.Rule:
        """An EventBridge rule for the job's changes of state.

        The service may send an event more than once. The rule is made once the job has started, so it may miss that.

        Args:
            id: id of the rule below this construct.
            statuses: states to hear of. Default: None, all of them.
            target: what an event starts or tells, such as ``aws_events_targets.SnsTopic(topic)``. Default: None; add
                some later with the rule's ``add_target``.
            description: what the rule is for. Default: None.
        """
        detail: dict[str, object] = {"HyperParameterTuningJobName": [self.tuning_job_name]}
        if statuses is not None:
            detail["HyperParameterTuningJobStatus"] = [status.value for status in statuses]
        return self._rule(id, _TUNING_EVENT, detail, target=target, description=description)

    def metric(
        self, metric_name: str, *, statistic: str = "Average", period: Duration | None = None, label: str | None = None
    ) -> cloudwatch.MathExpression:
        """A metric of the algorithm, such as ``validation:perplexity``: a line for each training job, for dashboards.

        It is a search, since the names of training jobs are not known before they start; CloudWatch takes no search
        for an alarm, and finds what was reported within the last two weeks.

        Args:
            metric_name: name of a metric that the algorithm emits.
            statistic: how several values within a period become one. Default: ``Average``.
            period: length of a period. Default: None, 5 minutes.
            label: what the legend shows. Default: None, the training job's name.
        """
        return self._expression(self._search(metric_name, statistic), period, label)

    def metric_training_jobs_completed(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """How many of the job's training jobs completed; see `metric_training_jobs_failed`."""
        return self._count("Completed", period)

    def metric_training_jobs_failed(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """How many of the job's training jobs failed, fit for an alarm.

        SageMaker publishes no counters of tuning jobs, so these are the events that an EventBridge rule of its own
        matched; the rule is made at the first call. The service may send an event more than once.

        Args:
            period: length of a period. Default: None, 5 minutes.
        """
        return self._count("Failed", period)

    def metric_training_jobs_stopped(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """How many of the job's training jobs were stopped, early stopping too; see `metric_training_jobs_failed`."""
        return self._count("Stopped", period)

    def _search(self, metric_name: str, statistic: str) -> str:
        # Training jobs are named after their tuning job, whose name has a hash: a part of the name finds them alone.
        terms = f'MetricName="{metric_name}" TrainingJobName={self.tuning_job_name}'
        return f"SEARCH('{{\"{_TRAINING_METRICS}\",TrainingJobName}} {terms}', '{statistic}')"

    def _expression(self, expression: str, period: Duration | None, label: str | None) -> cloudwatch.MathExpression:
        length = Duration.seconds(_FIVE_MINUTES) if period is None else period
        return cloudwatch.MathExpression(expression=expression, period=length, label=label, using_metrics={})

    def _count(self, status: str, period: Duration | None) -> cloudwatch.Metric:
        name = f"TrainingJobs{status}"
        rule = self.node.try_find_child(name)
        if not isinstance(rule, events.Rule):
            detail = {"TrainingJobName": [{"prefix": f"{self.tuning_job_name}-"}], "TrainingJobStatus": [status]}
            rule = self._rule(name, _TRAINING_EVENT, detail, target=None, description="Counts training jobs")
        return cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name="MatchedEvents",
            dimensions_map={"RuleName": rule.rule_name},
            statistic="Sum",
            period=Duration.seconds(_FIVE_MINUTES) if period is None else period,
        )

    def _rule(
        self,
        id: str,  # noqa: A002
        detail_type: str,
        detail: dict[str, object],
        *,
        target: events.IRuleTarget | None,
        description: str | None,
    ) -> events.Rule:
        pattern = events.EventPattern(source=[_SOURCE], detail_type=[detail_type], detail=detail)
        targets = None if target is None else [target]
        return events.Rule(self, id, event_pattern=pattern, targets=targets, description=description)


class ImportedTuningJob(TuningJobBase):
    """A tuning job that is not declared here, by its name."""

    def __init__(self, scope: Construct, id: str, *, name: str) -> None:  # noqa: A002
        super().__init__(scope, id)
        self._name = name

    @property
    def tuning_job_name(self) -> str:
        """The job's name."""
        return self._name

    @property
    def tuning_job_arn(self) -> str:
        """The job's ARN; the service writes names there in lower case."""
        return Stack.of(self).format_arn(
            service="sagemaker",
            resource="hyper-parameter-tuning-job",
            resource_name=self._name.lower(),
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )
