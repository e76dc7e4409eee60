"""What a declaration says of its job's life cycle, beyond the request."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import Duration
from aws_cdk.assertions import Annotations, Match, Template

from constructs_lib import HyperParameterTuningJob, ResourceLimits, ValidationError, WaitFor
from tests.unit.constructs_lib.tuning_job.samples import definition, job_props


def limits(jobs: float, parallel: float, max_runtime: Duration | None = None) -> ResourceLimits:
    return ResourceLimits(
        max_number_of_training_jobs=jobs, max_parallel_training_jobs=parallel, max_runtime=max_runtime
    )


@pytest.mark.parametrize(
    ("declared", "each", "known"),
    [
        (limits(4, 2), 60, "it may take 7200 s"),
        (limits(4, 4), 61, "it may take 3660 s"),
        (limits(40, 4, Duration.hours(2)), 60, "it may take 7200 s"),
        (limits(4, 4), 60, None),
        (limits(40, 2, Duration.hours(1)), 60, None),
    ],
)
def test_waiting_for_a_job_that_may_take_over_an_hour_warns(
    declared: ResourceLimits, each: int, known: str | None
) -> None:
    stack = cdk.Stack(cdk.App(), "Tuning")
    props = job_props(resource_limits=declared, training_job_definition=definition(max_runtime=Duration.minutes(each)))

    HyperParameterTuningJob(stack, "Job", **props, wait_for=WaitFor.COMPLETED)

    found = Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("wait_for: "))
    texts: list[Any] = [entry.entry.data for entry in found]
    assert len(texts) == (0 if known is None else 1)
    if known is not None:
        assert texts[0].startswith(
            f"wait_for: a deployment waits at most 3600 s and {known}: lower the limits, or publish the result instead"
        )


def test_a_revision_must_be_known() -> None:
    stack = cdk.Stack(cdk.App(), "Tuning")
    revision = cdk.CfnParameter(stack, "Revision").value_as_string

    with pytest.raises(ValidationError, match="revision: must be known at synthesis"):
        HyperParameterTuningJob(stack, "Job", **job_props(), revision=revision)


def test_what_the_deployment_warns_of_can_be_an_output(provider: Any) -> None:
    stack = cdk.Stack(cdk.App(), "Outputs")
    job = HyperParameterTuningJob(stack, "Job", **job_props())
    cdk.CfnOutput(stack, "Warnings", value=job.deployment_warnings)

    template = Template.from_stack(stack)
    (logical_id,) = template.find_resources("Custom::HyperParameterTuningJob")
    template.has_output("Warnings", {"Value": {"Fn::GetAtt": [logical_id, "DeploymentWarnings"]}})
