"""A whole small app with a search, as somebody who has installed the library would write it."""

from __future__ import annotations

import aws_cdk as cdk

from constructs_lib import (
    GpuTrainingQuota,
    HyperParameterTuningJob,
    InstanceType,
    Objective,
    OutputDataConfig,
    ResourceLimits,
    Seq2Seq,
    Seq2SeqImage,
    TrainingChannels,
    TrainingJobDefinition,
    TrainingRole,
)


def declare_search(stack: cdk.Stack, image: Seq2SeqImage) -> HyperParameterTuningJob:
    """A search over the learning rate; the same declaration, whosever the image is."""
    channels = TrainingChannels(stack, "Channels")
    return HyperParameterTuningJob(
        stack,
        "Search",
        objective=Objective.minimize("validation:perplexity"),
        ranges=[Seq2Seq.learning_rate.between(1e-4, 1e-2)],
        resource_limits=ResourceLimits(max_parallel_training_jobs=1, max_number_of_training_jobs=4),
        training_job_definition=TrainingJobDefinition(
            algorithm=Seq2Seq(image),
            role=TrainingRole(stack, "Role", channels=channels, image=image),
            channels=channels.input_channels(),
            output_data_config=OutputDataConfig.to_bucket(channels.output),
            instance_type=InstanceType.ML_G4DN_XLARGE,
            instance_count=1,
            volume_size=cdk.Size.gibibytes(30),
            max_runtime=cdk.Duration.hours(1),
        ),
    )


if __name__ == "__main__":
    app = cdk.App()
    stack = cdk.Stack(app, "Theirs")
    GpuTrainingQuota(stack, "Quota", instance_type=InstanceType.ML_G4DN_XLARGE, instances=1)
    declare_search(stack, Seq2SeqImage.built_in(stack))
    app.synth()
