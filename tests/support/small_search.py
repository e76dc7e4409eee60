"""The request of a search over one hyperparameter of a program of a few lines, for apps on the local AWS."""

from __future__ import annotations

from typing import Any


def small_search(
    bucket: str, *, image: str = "program", jobs: int, seed: int = 1, prefix: str = "train"
) -> dict[str, Any]:
    """A request without a name: one training job at a time, drawn at random, with ``loss=`` in its log.

    Args:
        bucket: Of the one channel and of the output.
        image: The repository's name, which says what program plays it.
        jobs: How many training jobs.
        seed: RandomSeed.
        prefix: Of the channel.
    """
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{prefix}"}}
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "RandomSeed": seed,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0.001", "MaxValue": "1"}],
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": f"000000000000.dkr.ecr.us-east-1.amazonaws.com/{image}:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=(\S+)"}],
            },
            "RoleArn": "arn:aws:iam::000000000000:role/training",
            "InputDataConfig": [{"ChannelName": "train", "DataSource": source}],
            "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }
