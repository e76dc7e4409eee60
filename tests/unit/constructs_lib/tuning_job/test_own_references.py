"""Jobs that refer to their own stack alone: nothing shows that the CDK was not asked for each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from constructs_lib import HyperParameterTuningJob, OutputDataConfig, ResourceLimits, Seq2Seq, VpcConfig
from constructs_lib._own_references import OwnReferences
from constructs_lib._render import TuningJobResource
from tests.unit.constructs_lib.tuning_job.samples import definition, job_props

Change = Callable[["Around"], dict[str, Any]]


class Around:
    """Two stacks with what jobs in the first may refer to."""

    def __init__(self) -> None:
        self.app = cdk.App()
        self.stack = cdk.Stack(self.app, "Tuning")
        self.nested = cdk.NestedStack(self.stack, "Nested")
        self.bucket = s3.Bucket(self.stack, "Bucket")
        self.role = iam.Role(self.stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        self.number = cdk.CfnParameter(self.stack, "Number", type="Number", default=8).value_as_number
        self.text = cdk.CfnParameter(self.stack, "Text").value_as_string
        self.other = s3.Bucket(cdk.Stack(self.app, "Other"), "Bucket")

    def job(self, id: str, changes: dict[str, Any], scope: cdk.Stack | None = None) -> HyperParameterTuningJob:  # noqa: A002
        limits = changes.pop("resource_limits", None)
        props = job_props(training_job_definition=definition(**changes))
        return HyperParameterTuningJob(
            self.stack if scope is None else scope, id, **(props if limits is None else {**props, **limits})
        )

    def resources(self) -> dict[str, Any]:
        assembly = self.app.synth()
        stacks = [assembly.get_stack_by_name(name).template["Resources"] for name in ("Tuning", "Other")]
        return {f"{number}-{name}": each for number, stack in enumerate(stacks) for name, each in stack.items()}


def output(uri: str) -> dict[str, Any]:
    return {"output_data_config": OutputDataConfig(s3_output_path=uri)}


OWN: dict[str, Change] = {
    "a name": lambda around: output(around.bucket.bucket_name),
    "a name in a text": lambda around: output(f"s3://{around.bucket.bucket_name}/models"),
    "a text with what Fn::Sub would replace": lambda around: output(f"s3://{around.bucket.bucket_name}/${{x}}/$"),
    "two in a text": lambda around: output(f"s3://{around.bucket.bucket_name}/{around.text}{around.text}"),
    "an attribute": lambda around: {"role": around.role},
    "an attribute in a text": lambda around: output(f"s3://{around.bucket.bucket_domain_name}/models"),
    "the region": lambda around: output(f"s3://models-{cdk.Aws.REGION}/{around.stack.account}"),
    "an image as the CDK names its assets": lambda around: {
        "algorithm": Seq2Seq(cdk.Fn.sub("${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/seq2seq:1"))
    },
    "a number": lambda around: {"instance_count": 1, "max_wait_time": None, **numbers(around.number)},
}
OTHERS: dict[str, Change] = {
    "another stack": lambda around: output(f"s3://{around.other.bucket_name}/models"),
    "both": lambda around: {"role": around.role, **output(f"s3://{around.other.bucket_name}/models")},
    "a function": lambda around: output(f"s3://{cdk.Fn.select(0, cdk.Fn.split('/', around.text))}/models"),
    "a list": lambda around: {
        "vpc_config": VpcConfig(subnets=cdk.Fn.split(",", around.text), security_group_ids=["sg-12345678"])
    },
    "a number as text": lambda around: {"static_hyper_parameters": {"beam_size": around.number}},
}


def numbers(number: float) -> dict[str, Any]:
    limits = ResourceLimits(max_parallel_training_jobs=2, max_number_of_training_jobs=number)
    return {"resource_limits": {"resource_limits": limits}}


def resources(change: Change, then: Callable[[Around], object] = lambda around: None) -> dict[str, Any]:
    around = Around()
    around.job("Job", change(around))
    then(around)
    return around.resources()


@pytest.fixture
def asked_of_the_cdk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Declares what follows so that the CDK resolves each job as a whole."""
    return lambda: monkeypatch.setattr(OwnReferences, "resolved", lambda self, properties: None)


@pytest.mark.parametrize("change", (OWN | OTHERS).values(), ids=(OWN | OTHERS).keys())
def test_the_template_is_what_the_cdk_resolves(change: Change, asked_of_the_cdk: Callable[[], None]) -> None:
    found = resources(change)

    asked_of_the_cdk()
    assert found == resources(change)


@pytest.mark.parametrize("change", [*OWN.values(), *OTHERS.values()], ids=[*OWN, *OTHERS])
def test_only_what_is_not_settled_is_left_to_synthesis(change: Change) -> None:
    around = Around()

    job = around.job("Job", change(around))

    assert isinstance(job.node.find_child("Resource"), TuningJobResource) is (change in OTHERS.values())


def rename(around: Around) -> None:
    element = around.bucket.node.default_child
    assert isinstance(element, cdk.CfnElement)
    element.override_logical_id("Renamed")


def test_names_and_texts_follow_a_logical_id_that_changes_later(asked_of_the_cdk: Callable[[], None]) -> None:
    change = OWN["a name in a text"]
    before, after = resources(change), resources(change, rename)

    asked_of_the_cdk()
    expected = resources(change, rename)
    assert after == expected
    assert before != expected


@pytest.mark.parametrize("late", [False, True], ids=["one job", "two jobs"])
def test_names_follow_though_the_cdk_has_looked_at_them(late: bool, asked_of_the_cdk: Callable[[], None]) -> None:
    def declared() -> dict[str, Any]:
        around = Around()
        change = OWN["a name in a text"]
        early = around.job("Early", change(around))
        resource = early.node.find_child("Resource")
        assert isinstance(resource, cdk.CfnResource)
        around.stack.resolve(resource._cfn_properties)  # as checks of an app do, before it is complete
        if late:
            around.job("Late", change(around))
        rename(around)
        return around.resources()

    found = declared()
    asked_of_the_cdk()
    assert found == declared()


def test_a_nested_stack_refers_to_what_is_its_own(asked_of_the_cdk: Callable[[], None]) -> None:
    def declared() -> dict[str, Any]:
        around = Around()
        bucket = s3.Bucket(around.nested, "Bucket")
        around.job("Own", output(f"s3://{bucket.bucket_name}/models"), around.nested)
        around.job("Parent's", output(f"s3://{around.bucket.bucket_name}/models"), around.nested)
        return around.resources()  # with the hash of the nested stack's template

    found = declared()
    asked_of_the_cdk()
    assert found == declared()
