"""Declarations to start from."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, Size

from constructs_lib import (
    Channel,
    InstanceType,
    Objective,
    OutputDataConfig,
    ResourceLimits,
    S3DataSource,
    Scaling,
    Seq2Seq,
    TrainingJobDefinition,
)
from tests.unit.handlers.requests import IMAGE, ROLE


def definition(**changes: Any) -> TrainingJobDefinition:
    """A sequence-to-sequence training job definition."""
    props: dict[str, Any] = {
        "algorithm": Seq2Seq(IMAGE),
        "role": ROLE,
        "channels": {
            name: Channel(s3_data_source=S3DataSource(s3_uri=f"s3://{name}")) for name in Seq2Seq.required_channels
        },
        "output_data_config": OutputDataConfig(s3_output_path="s3://output"),
        "instance_type": InstanceType.ML_G4DN_XLARGE,
        "instance_count": 1,
        "volume_size": Size.gibibytes(50),
        "max_runtime": Duration.hours(1),
    }
    return TrainingJobDefinition(**{**props, **changes})


def job_props(**changes: Any) -> dict[str, Any]:
    """Props of a tuning job over the learning rate."""
    props: dict[str, Any] = {
        "objective": Objective.minimize("validation:perplexity"),
        "ranges": [Seq2Seq.learning_rate.between(1e-4, 1e-2, scaling=Scaling.LOGARITHMIC)],
        "resource_limits": ResourceLimits(max_parallel_training_jobs=2, max_number_of_training_jobs=8),
        "training_job_definition": definition(),
    }
    return {**props, **changes}
