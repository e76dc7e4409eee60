"""What jobs have in common is handed to the CDK once, and still belongs to each of them."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk

from constructs_lib import HyperParameterTuningJob
from tests.unit.constructs_lib.tuning_job.samples import job_props

CHANGED = "TrainingJobDefinition.ResourceConfig.InstanceType"


def instance_types(app: cdk.App) -> list[str]:
    resources: dict[str, Any] = app.synth().get_stack_by_name("Tuning").template["Resources"]
    return [
        each["Properties"]["TrainingJobDefinition"]["ResourceConfig"]["InstanceType"] for each in resources.values()
    ]


def test_an_override_of_one_job_changes_no_other() -> None:
    app = cdk.App()
    stack = cdk.Stack(app, "Tuning")
    jobs = [HyperParameterTuningJob(stack, f"Job{number}", **job_props(random_seed=number)) for number in range(4)]

    resource = jobs[2].node.find_child("Resource")
    assert isinstance(resource, cdk.CfnResource)
    resource.add_property_override(CHANGED, "ml.g5.xlarge")

    assert instance_types(app) == ["ml.g4dn.xlarge", "ml.g4dn.xlarge", "ml.g5.xlarge", "ml.g4dn.xlarge"]


def test_equal_jobs_are_equal_whether_or_not_their_parts_came_before() -> None:
    app = cdk.App()
    stack = cdk.Stack(app, "Tuning")
    for number in range(4):
        HyperParameterTuningJob(stack, f"Job{number}", **job_props(random_seed=0))

    resources = app.synth().get_stack_by_name("Tuning").template["Resources"].values()
    declared = [{**each["Properties"], "HyperParameterTuningJobName": ""} for each in resources]
    assert declared == [declared[0]] * 4
