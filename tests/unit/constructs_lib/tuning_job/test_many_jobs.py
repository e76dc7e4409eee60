"""As many jobs in a stack as CloudFormation allows, and a clear error beyond."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk.cx_api import CloudAssembly

from constructs_lib import (
    Channel,
    HyperParameterTuningJob,
    InstanceType,
    OutputDataConfig,
    ParameterRange,
    Seq2Seq,
)
from constructs_lib._stack_limits import MOST_BYTES
from constructs_lib.algorithms.hyper_parameters import TunableHyperParameter
from tests.unit.constructs_lib.tuning_job.samples import definition, job_props

JOBS = 200
FUNCTIONS = 30_000  # bytes of the Lambda functions behind the jobs, which have a stand-in here
PATHS = {"aws:cdk:enable-path-metadata": True}  # as the CLI sets it: each resource then has its path


def every_range() -> list[ParameterRange]:
    """The ranges of all 22 tunable hyperparameters, whether or not they apply together."""
    found = [each.recommended_range() for each in vars(Seq2Seq).values() if isinstance(each, TunableHyperParameter)]
    return [each for each in found if each is not None]


def add_jobs(stack: cdk.Stack, ids: Sequence[str]) -> None:
    bucket = s3.Bucket(stack, "Bucket")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    props = job_props(
        ranges=every_range(),
        training_job_definition=definition(
            role=role,
            channels={name: Channel.from_bucket(bucket, f"en-de/{name}") for name in Seq2Seq.required_channels},
            output_data_config=OutputDataConfig.to_bucket(bucket),
            instance_type=InstanceType.ML_G5_XLARGE,
            static_hyper_parameters={"encoder_type": "cnn", "max_num_batches": 2100},
        ),
        job_name_prefix="translation",
    )
    for job_id in ids:
        HyperParameterTuningJob(stack, job_id, **props)


@pytest.fixture(scope="module")
def assembly(provider: Any) -> CloudAssembly:
    app = cdk.App(context=PATHS)
    add_jobs(cdk.Stack(app, "Many"), [f"Job{index}" for index in range(JOBS - 1)] + ["JOB0"])
    return app.synth()


def tuning_jobs(assembly: CloudAssembly) -> list[dict[str, Any]]:
    resources = assembly.get_stack_by_name("Many").template["Resources"].values()
    return [each for each in resources if each["Type"] == "Custom::HyperParameterTuningJob"]


def test_two_hundred_jobs_with_all_ranges_fit_into_one_stack(assembly: CloudAssembly) -> None:
    size = Path(assembly.get_stack_by_name("Many").template_full_path).stat().st_size

    assert len(every_range()) == 22
    assert len(tuning_jobs(assembly)) == JOBS
    assert size + FUNCTIONS < MOST_BYTES


def test_each_job_is_one_resource_and_all_share_the_rest(assembly: CloudAssembly) -> None:
    types = [each["Type"] for each in assembly.get_stack_by_name("Many").template["Resources"].values()]

    assert sorted({*types}) == ["AWS::IAM::Role", "AWS::S3::Bucket", "Custom::HyperParameterTuningJob"]
    assert len(types) == JOBS + 2


def test_names_differ_without_regard_to_case_though_prefixes_do_not(assembly: CloudAssembly) -> None:
    names = {each["Properties"]["HyperParameterTuningJobName"].lower() for each in tuning_jobs(assembly)}

    assert len(names) == JOBS


def test_locations_are_short_and_readable(assembly: CloudAssembly) -> None:
    channel = tuning_jobs(assembly)[0]["Properties"]["TrainingJobDefinition"]["InputDataConfig"]["train"]

    assert channel["DataSource"]["S3DataSource"]["S3Uri"] == {"Fn::Sub": "s3://${Bucket83908E77}/en-de/train"}


def test_too_long_a_template_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("constructs_lib._stack_limits.MOST_BYTES", 20_000)
    app = cdk.App()
    add_jobs(cdk.Stack(app, "Long"), ["A", "B", "C", "D", "E"])

    with pytest.raises(RuntimeError) as caught:
        app.synth()

    lines = str(caught.value).splitlines()
    [message] = [line.strip() for line in lines if "bytes" in line][:1]
    assert message.startswith("[Long] a stack's template takes at most 20,000 bytes, got about 2")
    assert message.endswith(
        " for 5 tuning jobs and 2 other resources: about 3 such jobs fit, so move 2 or more to another stack, or to a "
        "NestedStack, or set the context @aws-cdk/core:suppressTemplateIndentation to true, by which a template gets "
        "a third shorter"
    )


def test_too_many_resources_are_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("constructs_lib._stack_limits.MOST_RESOURCES", 4)
    app = cdk.App()
    add_jobs(cdk.Stack(app, "Full"), ["A", "B", "C"])

    with pytest.raises(RuntimeError) as caught:
        app.synth()

    assert (
        "[Full] a stack takes at most 4 resources, got 5, of which 3 are tuning jobs: move 1 or more jobs to another "
        "stack, or to a NestedStack"
    ) in str(caught.value)
