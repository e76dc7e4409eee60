"""Types come back after CloudFormation has made strings of everything."""

from __future__ import annotations

from typing import Any

import pytest

from infra.handlers.coerce import CoercionError, coerce


@pytest.mark.parametrize(
    ("member", "text", "value"),
    [
        ("EnableNetworkIsolation", "true", True),
        ("EnableNetworkIsolation", "False", False),
        ("EnableNetworkIsolation", False, False),
        ("RetryStrategy", {"MaximumRetryAttempts": "3"}, {"MaximumRetryAttempts": 3}),
        ("StaticHyperParameters", {"epochs": "3"}, {"epochs": "3"}),
        ("Environment", {}, {}),
    ],
)
def test_definition_members(member: str, text: Any, value: Any) -> None:
    typed = coerce({"TrainingJobDefinition": {member: text}})

    assert typed == {"TrainingJobDefinition": {member: value}}


def test_numbers_keep_their_value() -> None:
    config = {"RandomSeed": "0", "TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": "0.30000000000000004"}}

    assert coerce({"HyperParameterTuningJobConfig": config})["HyperParameterTuningJobConfig"] == {
        "RandomSeed": 0,
        "TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 0.1 + 0.2},
    }


def test_every_problem_is_listed_with_its_path() -> None:
    properties = {
        "HyperParameterTuningJobConfig": {"RandomSeed": "x", "ResourceLimits": {"MaxJobs": "1"}},
        "TrainingJobDefinition": {
            "EnableNetworkIsolation": "yes",
            "InputDataConfig": [{"ShuffleConfig": {"Seed": "1.5"}}],
            "Environment": [],
            "VpcConfig": {"Subnets": "a"},
            "RoleArn": 1,
            "OutputDataConfig": "x",
        },
    }

    with pytest.raises(CoercionError) as caught:
        coerce(properties)

    assert caught.value.problems == [
        "HyperParameterTuningJobConfig.RandomSeed must be a whole number, got 'x'",
        "HyperParameterTuningJobConfig.ResourceLimits.MaxJobs is not a member of the request",
        "TrainingJobDefinition.EnableNetworkIsolation must be true or false, got 'yes'",
        "TrainingJobDefinition.InputDataConfig[0].ShuffleConfig.Seed must be a whole number, got '1.5'",
        "TrainingJobDefinition.Environment must be a map, got []",
        "TrainingJobDefinition.VpcConfig.Subnets must be a list, got 'a'",
        "TrainingJobDefinition.RoleArn must be a string, got 1",
        "TrainingJobDefinition.OutputDataConfig must be a structure, got 'x'",
    ]
    assert str(caught.value) == "; ".join(caught.value.problems)
