"""Alarms of a tuning job, of the metrics that its result's publisher logs."""

from __future__ import annotations

import math

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.handlers import contract


class TuningJobAlarms(Construct):
    """Alarms of a tuning job that failed, that runs too long, and of a result that cannot be published.

    `TuningJobResult.add_alarms` makes them.

    Attributes:
        failed: the job failed.
        running_too_long: the job runs longer than its limit.
        publisher_errors: the result's publisher failed; it serves all jobs of the stack.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        parameter_name: str,
        publisher: lambda_.IFunction,
        running_longer_than: cdk.Duration,
        reconcile_every: cdk.Duration,
        action: cloudwatch.IAlarmAction | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._dimensions = {contract.METRIC_DIMENSION: parameter_name}
        self.failed = self._alarm(
            "Failed",
            self._metric(contract.METRIC_FAILED, cdk.Duration.minutes(5)),
            0,
            "The tuning job failed; its result says why.",
        )
        # Running time is measured at each look, so a period must hold one of them.
        period = cdk.Duration.minutes(max(1, math.ceil(reconcile_every.to_minutes())))
        seconds = running_longer_than.to_seconds()
        self.running_too_long = self._alarm(
            "RunningTooLong",
            self._metric(contract.METRIC_RUNNING_SECONDS, period),
            seconds,
            f"The tuning job runs longer than {seconds:g} s.",
        )
        self.publisher_errors = self._alarm(
            "PublisherErrors",
            publisher.metric_errors(period=cdk.Duration.minutes(5)),
            0,
            "The result of a tuning job could not be published; the next look tries again.",
        )
        if action is not None:
            for alarm in (self.failed, self.running_too_long, self.publisher_errors):
                alarm.add_alarm_action(action)

    def _metric(self, name: str, period: cdk.Duration) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=contract.METRIC_NAMESPACE,
            metric_name=name,
            dimensions_map=self._dimensions,
            statistic="Maximum",
            period=period,
        )

    def _alarm(self, name: str, metric: cloudwatch.IMetric, above: float, description: str) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=above,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=description,
        )
