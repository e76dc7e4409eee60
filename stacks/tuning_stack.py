"""The tuning job of the sequence-to-sequence algorithm."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Duration, Size, Stack
from constructs import Construct

from constructs_lib import (
    Channel,
    HyperParameterTuningJob,
    InstanceType,
    Objective,
    OutputDataConfig,
    ResourceLimits,
    Scaling,
    Seq2Seq,
    TrainingJobDefinition,
)
from stacks.data_stack import DataStack
from stacks.settings import Settings


class TuningStack(Stack):
    """Searches the hyperparameters of an English-German translator; deployed after the channels have been filled."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        settings: Settings,
        data: DataStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, id, **kwargs)

        channels = data.channels
        self.job = HyperParameterTuningJob(
            self,
            "Translation",
            job_name_prefix=settings.prefix,
            objective=Objective.minimize("validation:perplexity"),
            ranges=[
                Seq2Seq.learning_rate.between(1e-4, 3e-2, scaling=Scaling.LOGARITHMIC),
                Seq2Seq.optimizer_type.one_of("adam", "sgd", "rmsprop"),
                Seq2Seq.embed_dropout_source.between(0.0, 0.5),
                Seq2Seq.num_embed_source.between(256, 512),
            ],
            resource_limits=ResourceLimits(
                max_number_of_training_jobs=settings.max_number_of_training_jobs,
                max_parallel_training_jobs=settings.max_parallel_training_jobs,
            ),
            random_seed=settings.random_seed,
            training_job_definition=TrainingJobDefinition(
                algorithm=Seq2Seq(data.image),
                role=data.role,
                channels={
                    "train": Channel.from_bucket(channels.train, settings.corpus),
                    "validation": Channel.from_bucket(channels.validation, settings.corpus),
                    "vocab": Channel.from_bucket(channels.vocab, settings.corpus),
                },
                output_data_config=OutputDataConfig.to_bucket(channels.output),
                instance_type=InstanceType.of(settings.instance_type),
                instance_count=1,
                volume_size=Size.gibibytes(30),
                max_runtime=Duration.minutes(settings.max_runtime_minutes),
                static_hyper_parameters={
                    "max_seq_len_source": 24,
                    "max_seq_len_target": 24,
                    "num_embed_target": 256,
                    "rnn_num_hidden": 256,
                    "batch_size": 64,
                    "checkpoint_frequency_num_batches": 60,
                    "max_num_batches": settings.max_num_batches,
                },
                enable_inter_container_traffic_encryption=True,
            ),
        )

        CfnOutput(self, "TuningJobName", value=self.job.tuning_job_name)
