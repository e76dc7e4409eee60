"""Two tuning jobs in a stack, and a job that cannot start as a trap at any step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk

from constructs_lib import HyperParameterTuningJob

BUCKET = "fault-channels"


def request(version: int, prefix: str) -> dict[str, Any]:
    """A job of which no training job ends by itself before it is stopped."""
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}"}}
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "RandomSeed": version,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0.001", "MaxValue": "1"}],
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/program:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=(\S+)"}],
            },
            "RoleArn": "arn:aws:iam::000000000000:role/training",
            "InputDataConfig": [{"ChannelName": "train", "DataSource": source}],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }


def build(folder: str) -> None:
    """Assemblies ``<version>-<trap>`` for two versions, and for a trap before, between and after the jobs."""
    for version in (1, 2):
        for trap in (None, 0, 1, 2):
            app = cdk.App(outdir=str(Path(folder) / f"{version}-{trap}"), analytics_reporting=False)
            stack = cdk.Stack(app, "faults")
            before = None
            for step in range(3):
                names = ["Trap"] if step == trap else []
                names += [("First", "Second")[step]] if step < 2 else []
                for name in names:
                    prefix = "nothing-is-here" if name == "Trap" else "train"
                    job = HyperParameterTuningJob.from_request(stack, name, request(version, prefix))
                    if before is not None:
                        job.node.add_dependency(before)
                    before = job
            app.synth()
