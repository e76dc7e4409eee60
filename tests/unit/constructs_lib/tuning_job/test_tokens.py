"""Every prop takes a value that is known at deployment only, but for names, which are keys in the template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ssm as ssm

from constructs_lib import (
    CategoricalRange,
    Channel,
    HyperParameterTuningJob,
    IntegerRange,
    Objective,
    ResourceLimits,
    S3DataSource,
)
from constructs_lib._declaration import Declaration
from infra.handlers.contract import ENVELOPE
from infra.handlers.keyed import KEYS, unkeyed
from infra.handlers.model import REQUEST, shapes
from tests.unit.constructs_lib.tuning_job.samples import definition

# Members that exclude each other: each variant has one of each pair.
VARIANTS: list[dict[str, str]] = [
    {"TrainingJobDefinitions": "", "HyperParameterTuningResourceConfig": "", "InstanceGroups": ""},
    {"TrainingJobDefinitions": "", "HyperParameterTuningResourceConfig": "", "InstanceType": "ResourceConfig"},
    {"TrainingJobDefinition": "", "ResourceConfig": "", "WarmStartConfig": ""},
]
NAME = "HyperParameterTuningJobName"
SOURCES = ("DatasetSource", "FileSystemDataSource", "S3DataSource")
# A single definition has its objective and ranges at the job, a list has them in each.
AT_JOB = {"TrainingJobDefinition": ("DefinitionName", "TuningObjective", "HyperParameterRanges")}
IN_LIST = {"HyperParameterTuningJobConfig": ("ParameterRanges", "HyperParameterTuningJobObjective")}


class Everything:
    """A request with every member of the model, all its values tokens; `count` of them."""

    def __init__(self, left_out: dict[str, str]) -> None:
        self.count = 0
        self._left_out = left_out
        self._nowhere = IN_LIST if "TrainingJobDefinition" in left_out else AT_JOB

    def value(self, shape_name: str, member: str = "") -> Any:
        shape = shapes()[shape_name]
        match shape["type"]:
            case "structure":
                return self._structure(shape, member)
            case "list" if member in KEYS or shapes()[shape["member"]]["type"] == "structure":
                return self._entries(shape["member"], member)
            case "list":
                return [self._token("string")]
            case "map":
                return {"name": self._token("string")}
        return self._token(shape["type"])

    def _structure(self, shape: dict[str, Any], member: str) -> dict[str, Any]:
        nowhere = self._nowhere.get(member, ())
        return {
            name: self.value(inner, name)
            for name, inner in shape["members"].items()
            if name not in nowhere and self._left_out.get(name) not in ("", member)
        }

    def _entries(self, shape_name: str, member: str) -> list[dict[str, Any]]:
        if member == "InputDataConfig":
            return [self._channel(shape_name, source) for source in SOURCES]
        entry = self.value(shape_name, member)
        return [{**entry, KEYS[member]: f"{member}Name"}] if member in KEYS else [entry]

    def _channel(self, shape_name: str, source: str) -> dict[str, Any]:
        entry = self.value(shape_name)
        return {**entry, "ChannelName": source, "DataSource": {source: entry["DataSource"][source]}}

    def _token(self, kind: str) -> Any:
        self.count += 1
        reference = {"Ref": f"P{self.count}"}
        match kind:
            case "string":
                return cdk.Token.as_string(reference)
            case "boolean":
                return cdk.Token.as_any(reference)
        return cdk.Token.as_number(reference)


def scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict) and not value.keys() & {"Ref", "Fn::GetAtt"}:
        for item in value.values():
            yield from scalars(item)
    elif isinstance(value, list):
        for item in value:
            yield from scalars(item)
    else:
        yield value


@pytest.fixture(scope="module")
def synthesised(provider: Any) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """What each variant is resolved to, as a request, and what its template says."""
    app = cdk.App()
    stack = cdk.Stack(app, "Tokens")
    given = {}
    for index, left_out in enumerate(VARIANTS):
        request = Everything(left_out).value(REQUEST)
        del request[NAME]
        request["Autotune"] = {"Mode": "Enabled"}  # there is nothing else that it could be
        HyperParameterTuningJob.from_request(stack, f"Job{index}", request)
        given[f"Job{index}"] = stack.resolve(request)
    template = app.synth().get_stack_by_name("Tokens").template
    found = {name[:4]: value["Properties"] for name, value in template["Resources"].items() if "Job" in name[:3]}
    return {name: (given[name], found[name]) for name in given}


@pytest.mark.parametrize("job", [f"Job{index}" for index in range(len(VARIANTS))])
def test_a_token_in_every_member_reaches_the_template(synthesised: dict[str, Any], job: str) -> None:
    given, properties = synthesised[job]
    envelope = ENVELOPE | {NAME}

    assert unkeyed({name: value for name, value in properties.items() if name not in envelope}) == given
    computed = [value for value in scalars(given) if isinstance(value, dict)]
    assert len(computed) > 60


def test_all_variants_together_have_every_member() -> None:
    def members(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            yield from value
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                yield from members(item)

    every = {name for shape in shapes().values() for name in shape.get("members", ())}
    covered = {name for left_out in VARIANTS for name in members(Everything(left_out).value(REQUEST))}

    assert every <= covered


def test_what_people_compute_is_declared_without_complaint(stack: cdk.Stack) -> None:
    condition = cdk.CfnCondition(stack, "IsProduction")
    instances = cdk.CfnParameter(stack, "Instances", type="CommaDelimitedList").value_as_list
    parameter = ssm.StringParameter.value_for_string_parameter(stack, "/image")
    number = cdk.CfnParameter(stack, "Number", type="Number").value_as_number

    job = Declaration(
        strategy=cdk.Fn.condition_if(condition.logical_id, "Bayesian", "Random"),
        objective=Objective.minimize("validation:perplexity"),
        ranges=[
            IntegerRange("num_layers_encoder", min=1, max=number),
            CategoricalRange("optimizer_type", values=instances),
        ],
        resource_limits=ResourceLimits(max_parallel_training_jobs=number, max_runtime=cdk.Duration.seconds(number)),
        training_job_definition=definition(
            static_hyper_parameters={"beam_size": number, "loss_type": parameter},
            channels={"train": Channel(s3_data_source=S3DataSource(s3_uri=f"s3://{parameter}/x"))},
            enable_managed_spot_training=cdk.Fn.condition_if(condition.logical_id, False, True),
            volume_size=cdk.Size.gibibytes(number),
        ),
        tags={"team": parameter},
    )

    resolved = stack.resolve(job.request())
    ranges = resolved["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert ranges["CategoricalParameterRanges"][0]["Values"] == {"Ref": "Instances"}
    assert resolved["HyperParameterTuningJobConfig"]["Strategy"]["Fn::If"][1:] == ["Bayesian", "Random"]
    assert resolved["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxRuntimeInSeconds"] == {"Ref": "Number"}
    assert resolved["TrainingJobDefinition"]["EnableManagedSpotTraining"]["Fn::If"][1:] == [False, True]
    assert resolved["TrainingJobDefinition"]["ResourceConfig"]["VolumeSizeInGB"] == {"Ref": "Number"}
