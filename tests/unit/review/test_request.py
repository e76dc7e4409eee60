from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.handlers.declaration import request_of as sent_by_handler
from infra.handlers.keyed import keyed
from infra.review import RequestError, request_of
from infra.review.outline import outline
from infra.review.request import intrinsic_text
from tests.unit.review.assemblies import properties

CONFIG = "HyperParameterTuningJobConfig"


def test_keyed_properties_become_the_request_with_the_types_of_the_api() -> None:
    request = request_of(
        properties(
            (f"{CONFIG}/RandomSeed", "0"),
            ("TrainingJobDefinition/EnableNetworkIsolation", "false"),
            ("Tags", {"b": {"Value": ""}, "a": {"Value": "1"}}),
        )
    )
    assert "ServiceToken" not in request
    assert request[CONFIG]["RandomSeed"] == 0
    assert request["TrainingJobDefinition"]["EnableNetworkIsolation"] is False
    assert request["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    assert request[CONFIG]["ParameterRanges"]["ContinuousParameterRanges"] == [
        {"Name": "learning_rate", "MinValue": "0.0001", "MaxValue": "0.01", "ScalingType": "Logarithmic"}
    ]


def test_it_is_what_the_handler_sends() -> None:
    # CloudFormation hands every scalar to the handler as a string.
    def as_strings(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: as_strings(item) for name, item in value.items()}
        if isinstance(value, list):
            return [as_strings(item) for item in value]
        return str(value).lower() if isinstance(value, bool) else str(value)

    declared = properties((f"{CONFIG}/RandomSeed", 0), ("TrainingJobDefinition/EnableNetworkIsolation", True))
    assert request_of(declared) == sent_by_handler(as_strings(declared))


REF = {"Ref": "Parameter"}
CHOICE = {"Fn::If": ["Big", {"a": 1}, {"Ref": "AWS::NoValue"}]}


@pytest.mark.parametrize(
    ("path", "intrinsic"),
    [
        (f"{CONFIG}/ResourceLimits/MaxParallelTrainingJobs", REF),
        (f"{CONFIG}/TuningJobCompletionCriteria/TargetObjectiveMetricValue", REF),
        (f"{CONFIG}/ResourceLimits", CHOICE),
        (f"{CONFIG}/ParameterRanges", CHOICE),
        ("TrainingJobDefinition/EnableManagedSpotTraining", REF),
        ("TrainingJobDefinition/RoleArn", {"Fn::GetAtt": ["Role", "Arn"]}),
        ("TrainingJobDefinition/StaticHyperParameters/max_num_epochs", REF),
        ("TrainingJobDefinition/StaticHyperParameters", CHOICE),
        ("TrainingJobDefinition/InputDataConfig", CHOICE),
        ("TrainingJobDefinition/VpcConfig/Subnets", {"Fn::Split": [",", REF]}),
        ("Tags", CHOICE),
    ],
)
def test_intrinsics_of_any_type_stay_as_they_are(path: str, intrinsic: dict[str, Any]) -> None:
    found: Any = request_of(properties((path, intrinsic)))
    for part in path.split("/"):
        found = found[part]
    assert found == intrinsic


def test_intrinsics_stay_inside_of_keyed_lists() -> None:
    ranges = f"{CONFIG}/ParameterRanges/ContinuousParameterRanges"
    request = request_of(properties((f"{ranges}/a/MinValue", REF), (f"{ranges}/a/MaxValue", "1")))
    assert request[CONFIG]["ParameterRanges"]["ContinuousParameterRanges"][0] == {
        "Name": "a",
        "MinValue": REF,
        "MaxValue": "1",
    }


def test_each_member_that_does_not_fit_is_named() -> None:
    wrong = properties(("Tags", {"a": {"Value": "b", "Kind": "c"}}), (f"{CONFIG}/RandomSeed", "many"))
    with pytest.raises(RequestError) as error:
        request_of(wrong)
    assert str(error.value) == (
        "HyperParameterTuningJobConfig.RandomSeed must be a whole number, got 'many'; "
        "Tags['a'].Kind is not a member of the request"
    )


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.text(), st.just(REF))))
def test_free_maps_keep_names_and_values(static: dict[str, Any]) -> None:
    request = {"TrainingJobDefinition": {"StaticHyperParameters": static, "Environment": static}}
    kept = {name for name in static if name != "Ref" and not name.startswith("Fn::")}
    if kept == set(static):
        assert request_of(keyed(request)) == request


@pytest.mark.parametrize(
    ("intrinsic", "text"),
    [
        (REF, "Ref Parameter"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "GetAtt Role.Arn"),
        ({"Fn::GetAtt": "Role.Arn"}, "GetAtt Role.Arn"),
        ({"Fn::Join": ["", ["s3://", {"Ref": "Bucket"}, "/en-de"]]}, "s3://${Ref Bucket}/en-de"),
        (CHOICE, "If"),
    ],
)
def test_intrinsics_are_shown_in_short(intrinsic: dict[str, Any], text: str) -> None:
    assert intrinsic_text(intrinsic) == text


def test_outline_shows_every_value_on_a_line_at_its_place() -> None:
    request = {
        "Name": "a",
        "Seed": 0,
        "Empty": "",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Limits": {"Most": 8, "On": False},
        "Channels": [{"Name": "train", "Source": {"Uri": "s3://b"}}, {"Name": "vocab"}],
        "Values": ["a", "b"],
        "Nothing": [],
    }
    assert outline(request).splitlines() == [
        "Name: a",
        "Seed: 0",
        'Empty: ""',
        "Role: (GetAtt Role.Arn)",
        "Limits",
        "  Most: 8",
        "  On: false",
        "Channels",
        "  - Name: train",
        "    Source",
        "      Uri: s3://b",
        "  - Name: vocab",
        "Values: [a, b]",
        "Nothing: []",
    ]
