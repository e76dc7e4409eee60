"""What a declaration becomes in the template."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from constructs_lib import (
    CategoricalRange,
    Channel,
    DeletionBehavior,
    HyperParameterTuningJob,
    IntegerRange,
    ResourceLimits,
    Seq2Seq,
    Strategy,
    WaitFor,
    WarmStartConfig,
    WarmStartType,
)
from constructs_lib._declaration import Declaration
from constructs_lib._fields import encode, member
from constructs_lib._name import hashed_name
from constructs_lib._render import template_properties
from constructs_lib._substitute import substituted
from infra.handlers.coerce import coerce
from infra.handlers.contract import LIFE_CYCLE
from infra.handlers.keyed import unkeyed
from tests.unit.constructs_lib.tuning_job.samples import definition, job_props
from tests.unit.handlers.requests import request


@pytest.fixture(scope="module")
def template(provider: Any) -> dict[str, Any]:
    """One synthesis for all tests of this module."""
    app = cdk.App()
    stack = cdk.Stack(app, "Tuning")
    bucket = s3.Bucket(stack, "Bucket", enforce_ssl=True)
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    most = cdk.CfnParameter(stack, "Most", type="Number", default=4).value_as_number
    channels = {name: Channel.from_bucket(bucket, name) for name in Seq2Seq.required_channels}

    HyperParameterTuningJob(stack, "Plain", **job_props())
    first = HyperParameterTuningJob(
        stack,
        "Rich",
        **job_props(
            training_job_definition=definition(
                role=role, channels=channels, static_hyper_parameters={"beam_size": most}
            ),
            ranges=[
                IntegerRange("num_layers_encoder", min=1, max=most),
                CategoricalRange("optimizer_type", values=["sgd", "adam"]),
            ],
            resource_limits=ResourceLimits(max_parallel_training_jobs=2, max_number_of_training_jobs=most),
            random_seed=0,
            tags={"team": ""},
        ),
    )
    HyperParameterTuningJob(
        stack,
        "Reordered",
        **job_props(
            training_job_definition=definition(
                channels={name: channels[name] for name in ("vocab", "validation", "train")},
                static_hyper_parameters={"b": "", "beam_size": 1, "weight_decay": 5e-05, "bucketing_enabled": False},
            ),
            job_name_prefix="again",
            deletion_behavior=DeletionBehavior.RETAIN,
            wait_for=WaitFor.COMPLETED,
        ),
    )
    HyperParameterTuningJob(
        stack,
        "Child",
        **job_props(
            ranges=[Seq2Seq.optimizer_type.one_of("sgd", "adam"), IntegerRange("num_layers_encoder", min=2, max=9)],
            training_job_definition=definition(static_hyper_parameters={"beam_size": 3}),
            warm_start_config=WarmStartConfig(parents=[first], warm_start_type=WarmStartType.TRANSFER_LEARNING),
        ),
    )
    HyperParameterTuningJob.from_request(stack, "Known", request(config={"RandomSeed": 0}, Environment={}), role=role)
    result: dict[str, Any] = app.synth().get_stack_by_name("Tuning").template
    return result


def resource(template: dict[str, Any], job: str) -> dict[str, Any]:
    found = [
        value for name, value in template["Resources"].items() if name.startswith(job) and "Tuning" in value["Type"]
    ]
    assert len(found) == 1
    return dict(found[0])


def test_a_job_is_one_custom_resource_in_keyed_form(template: dict[str, Any]) -> None:
    job = resource(template, "Plain")

    assert job["Type"] == "Custom::HyperParameterTuningJob"
    properties = job["Properties"]
    assert properties["ServiceTimeout"] == "3000"
    assert properties["HyperParameterTuningJobConfig"]["ParameterRanges"] == {
        "ContinuousParameterRanges": {
            "learning_rate": {"MinValue": "0.0001", "MaxValue": "0.01", "ScalingType": "Logarithmic"}
        }
    }
    assert set(properties["TrainingJobDefinition"]["InputDataConfig"]) == {"train", "validation", "vocab"}


def test_the_name_stands_in_the_template_and_is_golden(template: dict[str, Any]) -> None:
    # A change here starts every user's tuning jobs again at their next deployment.
    assert resource(template, "Plain")["Properties"]["HyperParameterTuningJobName"] == "Plain-e970666d0b"
    assert resource(template, "Reordered")["Properties"]["HyperParameterTuningJobName"].startswith("again-")


def test_zeros_false_and_empty_values_arrive(template: dict[str, Any]) -> None:
    rich = resource(template, "Rich")["Properties"]
    static = resource(template, "Reordered")["Properties"]["TrainingJobDefinition"]["StaticHyperParameters"]

    assert rich["HyperParameterTuningJobConfig"]["RandomSeed"] == 0
    assert rich["Tags"] == {"team": {"Value": ""}}
    assert static == {"b": "", "beam_size": "1", "weight_decay": "0.00005", "bucketing_enabled": "false"}


def test_tokens_stay_references(template: dict[str, Any]) -> None:
    rich = resource(template, "Rich")["Properties"]

    config = rich["HyperParameterTuningJobConfig"]
    assert config["ResourceLimits"]["MaxNumberOfTrainingJobs"] == {"Ref": "Most"}
    assert config["ParameterRanges"]["IntegerParameterRanges"]["num_layers_encoder"]["MaxValue"] == {"Ref": "Most"}
    assert rich["TrainingJobDefinition"]["StaticHyperParameters"]["beam_size"] == {"Ref": "Most"}


def test_role_and_bucket_policies_come_first(template: dict[str, Any]) -> None:
    depends = resource(template, "Rich")["DependsOn"]

    assert [name[:12] for name in depends] == ["BucketPolicy", "Role1ABCC5F0"]


def test_roles_may_be_passed(template: dict[str, Any], provider: Any) -> None:
    assert "Tuning/Role" in provider.passed


def test_the_life_cycle_stands_beside_the_request_where_it_is_not_the_default(template: dict[str, Any]) -> None:
    retained = resource(template, "Reordered")["Properties"]

    assert (retained["DeletionBehavior"], retained["WaitFor"], retained["ServiceTimeout"]) == (
        "Retain",
        "Completed",
        "3600",
    )
    assert not LIFE_CYCLE & resource(template, "Plain")["Properties"].keys()


def test_a_revision_is_a_new_job_and_the_rest_of_the_life_cycle_is_not() -> None:
    name = hashed_name("a", "s", "p", {"x": 1})

    assert hashed_name("a", "s", "p", {"x": 1, "DeletionBehavior": "Retain", "WaitFor": "Completed"}) == name
    assert hashed_name("a", "s", "p", {"x": 1, "Revision": "2"}) != name


def test_a_parent_is_a_reference_so_it_is_deployed_first(template: dict[str, Any]) -> None:
    start = resource(template, "Child")["Properties"]["WarmStartConfig"]["ParentHyperParameterTuningJobs"]

    [parent] = start
    assert parent["HyperParameterTuningJobName"]["Fn::GetAtt"][1] == "HyperParameterTuningJobName"


def test_an_existing_request_is_what_the_handler_will_send(template: dict[str, Any]) -> None:
    properties = resource(template, "Known")["Properties"]
    sent = coerce(unkeyed({k: v for k, v in properties.items() if not k.startswith("Service")} | _role(properties)))

    expected = request(config={"RandomSeed": 0}, Environment={})
    assert sent.pop("HyperParameterTuningJobName").startswith("job-0123456789-")
    del expected["HyperParameterTuningJobName"]
    assert sent == expected


def _role(properties: dict[str, Any]) -> dict[str, Any]:
    given = properties["TrainingJobDefinition"]
    assert given["RoleArn"]["Fn::GetAtt"][1] == "Arn"
    return {"TrainingJobDefinition": {**given, "RoleArn": request()["TrainingJobDefinition"]["RoleArn"]}}


def test_the_template_is_clean(template: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(template))

    # W3005: the role stands among the dependencies because of its policy, although a reference names it too.
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--ignore-checks", "W3005", "--", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_name_follows_from_declaration_stack_and_path_alone() -> None:
    declared = {"b": {"y": 1, "x": "2"}, "a": "é"}
    name = hashed_name("job", "Tuning", "Job", declared)

    assert name == "job-c0bb0613b0"
    assert hashed_name("job", "Tuning", "Job", {"a": "é", "b": {"x": "2", "y": 1}, "Tags": {"t": "1"}}) == name
    others = [hashed_name("job", *place, declared) for place in [("Other", "Job"), ("Tuning", "Job2")]]
    others.append(hashed_name("job", "Tuning", "Job", {**declared, "a": "e"}))
    assert len({name, *others}) == 4


@dataclass(frozen=True)
class Grown(ResourceLimits):
    """The class as a later version of this library may have it: with one more prop."""

    later: str | None = member("Later", default=None)


def test_a_prop_that_comes_later_changes_no_request_and_so_no_name() -> None:
    now = ResourceLimits(max_parallel_training_jobs=2, max_number_of_training_jobs=8)
    later = Grown(max_parallel_training_jobs=2, max_number_of_training_jobs=8)

    assert encode(later) == encode(now)


def test_order_has_no_part_in_the_template_nor_in_the_name() -> None:
    ranges = [Seq2Seq.learning_rate.between(1e-4, 1e-2), Seq2Seq.momentum.between(0.5, 0.9)]
    static = {"optimizer_type": "sgd", "max_num_batches": 100}

    def written_as(ranges: list[Any], static: dict[str, Any]) -> dict[str, Any]:
        job = job_props(ranges=ranges, training_job_definition=definition(static_hyper_parameters=static))
        return template_properties(Declaration(strategy=Strategy.BAYESIAN, **job).request())

    written = [written_as(ranges, static), written_as(ranges[::-1], dict(reversed(static.items())))]
    assert written[0] == written[1]
    names = {hashed_name("job", "Stack", "Job", properties) for properties in written}
    assert names == {"job-c4a7227900"}


def test_locations_are_substituted_where_a_text_can_name_what_they_join() -> None:
    parts = ["s3://", {"Ref": "B"}, "/", {"Fn::GetAtt": ["R", "Arn"]}, "/${x}"]
    imported = {"Fn::Join": ["", ["s3://", {"Fn::ImportValue": "B"}]]}

    assert substituted({"a": [{"Fn::Join": ["", parts]}]}) == {"a": [{"Fn::Sub": "s3://${B}/${R.Arn}/${!x}"}]}
    assert substituted({"a": imported, "b": {"Fn::Join": [",", ["a", "b"]]}}) == {
        "a": imported,
        "b": {"Fn::Join": [",", ["a", "b"]]},
    }
