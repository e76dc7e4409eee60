"""CloudFormation's requests about a tuning job, and what the provider framework does with them."""

from __future__ import annotations

from typing import Any

from infra.handlers import tuning_job
from infra.handlers.declaration import digest

NAME = "translate-0a1b2c3d"
STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Tuning/11111111-aaaa-bbbb-cccc-000000000001"
NEXT_STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Tuning/22222222-aaaa-bbbb-cccc-000000000002"
OTHER_STACK = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Other/33333333-aaaa-bbbb-cccc-000000000003"
RESPONSE_URL = "https://cloudformation-custom-resource-response.s3.amazonaws.com/x?X-Amz-Signature=secret"


INVENTED = "Tuning-Job-1ABCDEFGHIJKL"


def declaration(name: str = NAME, *, max_jobs: str = "4", tags: dict[str, str] | None = None) -> dict[str, Any]:
    """What CloudFormation hands over: keyed form, every scalar a string."""
    declared: dict[str, Any] = {
        "ServiceToken": "arn:aws:lambda:eu-west-1:111122223333:function:framework",
        "ServiceTimeout": "3000",
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "RandomSeed": "0",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": max_jobs, "MaxParallelTrainingJobs": "2"},
            "ParameterRanges": {
                "ContinuousParameterRanges": {"learning_rate": {"MinValue": "0.00005", "MaxValue": "0.2"}}
            },
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:bleu"},
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"max_num_epochs": "3"},
            "AlgorithmSpecification": {
                "TrainingImage": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/seq2seq:1",
                "TrainingInputMode": "File",
            },
            "RoleArn": "arn:aws:iam::111122223333:role/Training",
            "InputDataConfig": {
                name: {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://bucket-{name}/"}}}
                for name in ("train", "validation", "vocab")
            },
            "OutputDataConfig": {"S3OutputPath": "s3://bucket-output/"},
            "ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "InstanceCount": "1", "VolumeSizeInGB": "30"},
            "StoppingCondition": {"MaxRuntimeInSeconds": "3600"},
        },
    }
    if tags is not None:
        declared["Tags"] = {key: {"Value": value} for key, value in tags.items()}
    return declared


def event(kind: str, properties: dict[str, Any] | None = None, **other: Any) -> dict[str, Any]:
    """A request as CloudFormation makes it."""
    return {
        "RequestType": kind,
        "ResponseURL": RESPONSE_URL,
        "RequestId": "request-1",
        "StackId": STACK,
        "LogicalResourceId": "Job",
        "ResourceType": "Custom::HyperParameterTuningJob",
        "ResourceProperties": declaration() if properties is None else properties,
        **other,
    }


def owned(
    stack: str = STACK, logical_id: str = "Job", request: str = "request-0", declared: dict[str, Any] | None = None
) -> dict[str, str]:
    """The tags of a job that a resource of this library started."""
    return {
        "tuning-as-code:declaration": digest(declaration() if declared is None else declared),
        "tuning-as-code:stack-id": stack,
        "tuning-as-code:logical-id": logical_id,
        "tuning-as-code:request-id": request,
    }


def deploy(request: dict[str, Any]) -> dict[str, Any]:
    """What the provider framework does with a request that is done at the first question."""
    planned = {**request, **tuning_job.on_event(request, None)}
    return {**planned, **tuning_job.is_complete(planned, None)}
