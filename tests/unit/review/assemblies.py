"""Small cloud assemblies, written as the CDK writes them."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.handlers import contract

ROLE = "arn:aws:iam::123456789012:role/Training"

REQUEST: dict[str, Any] = {
    "HyperParameterTuningJobName": "translation-0000000001",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:perplexity"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 8, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {
            "ContinuousParameterRanges": {
                "learning_rate": {"MinValue": "0.0001", "MaxValue": "0.01", "ScalingType": "Logarithmic"}
            },
            "CategoricalParameterRanges": {"optimizer_type": {"Values": ["adam", "sgd"]}},
        },
        "TrainingJobEarlyStoppingType": "Auto",
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {"TrainingImage": "image:1", "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": {"train": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/p"}}}},
        "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
        "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 50},
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
        "StaticHyperParameters": {"max_num_epochs": "10"},
    },
}
"""A tuning job in keyed form: 8 training jobs of at most half an hour on one GPU instance each."""


def with_changes(given: Mapping[str, Any], *changes: tuple[str, Any]) -> dict[str, Any]:
    """A copy with values put at, or (with None) taken from, paths with slashes."""
    result: dict[str, Any] = copy.deepcopy(dict(given))
    for path, value in changes:
        at = result
        *way, last = path.split("/")
        for part in way:
            at = at.setdefault(part, {})
        if value is None:
            del at[last]
        else:
            at[last] = value
    return result


def properties(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The properties of a resource that declares `REQUEST`, with changes."""
    token = {"ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:f"}
    return with_changes({**token, **REQUEST}, *changes)


def write_assembly(
    folder: Path,
    jobs: Mapping[str, Mapping[str, Any]],
    *,
    quotas: Mapping[str, Mapping[str, Any]] | None = None,
    warnings: Mapping[str, list[str]] | None = None,
    environment: str = "aws://123456789012/eu-west-1",
    retained: bool = False,
) -> Path:
    """Write an assembly with one stack, whose jobs and quotas stand at construct paths such as ``Tuning/Job``."""
    folder.mkdir(parents=True, exist_ok=True)
    resources: dict[str, Any] = {}
    metadata: dict[str, Any] = {"/Tuning": [{"type": "aws:cdk:templateFile", "data": "Tuning.template.json"}]}
    kinds = [(contract.TUNING_JOB_RESOURCE_TYPE, jobs), (contract.GPU_QUOTA_RESOURCE_TYPE, quotas or {})]
    for kind, declared in kinds:
        for path, given in declared.items():
            logical_id = path.replace("/", "")
            resources[logical_id] = {"Type": kind, "Properties": dict(given)}
            if retained:
                resources[logical_id]["DeletionPolicy"] = "Retain"
            metadata[f"/{path}/Resource/Default"] = [{"type": "aws:cdk:logicalId", "data": logical_id}]
    for path, texts in (warnings or {}).items():
        metadata[f"/{path}"] = [{"type": "aws:cdk:warning", "data": text} for text in texts]
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": environment,
        "properties": {"templateFile": "Tuning.template.json"},
        "metadata": metadata,
        "displayName": "Tuning",
    }
    (folder / "Tuning.template.json").write_text(json.dumps({"Resources": resources}))
    (folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": {"Tuning": stack}}))
    return folder
