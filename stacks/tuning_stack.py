"""The tuning job of the sequence-to-sequence algorithm."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Duration, Size, Stack
from constructs import Construct

from constructs_lib import (
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
                Seq2Seq.learning_rate.between(3e-4, 2e-2, scaling=Scaling.LOGARITHMIC),
                Seq2Seq.optimizer_type.one_of("adam", "sgd", "rmsprop"),
                Seq2Seq.rnn_decoder_hidden_dropout.between(0.0, 0.5),
                Seq2Seq.embed_dropout_source.between(0.0, 0.3),
            ],
            resource_limits=ResourceLimits(
                max_number_of_training_jobs=settings.max_number_of_training_jobs,
                max_parallel_training_jobs=settings.max_parallel_training_jobs,
            ),
            random_seed=settings.random_seed,
            training_job_definition=TrainingJobDefinition(
                algorithm=Seq2Seq(data.image),
                role=data.role,
                channels=channels.input_channels(settings.corpus),
                output_data_config=OutputDataConfig.to_bucket(channels.output),
                instance_type=InstanceType.of(settings.instance_type),
                instance_count=1,
                volume_size=Size.gibibytes(30),
                max_runtime=Duration.minutes(settings.max_runtime_minutes),
                # Small enough for a laptop: about a minute of one core. The documented defaults are four to eight
                # times as wide.
                static_hyper_parameters={
                    "batch_size": 32,
                    "beam_size": 3,
                    "bleu_sample_size": 120,
                    "checkpoint_frequency_num_batches": 350,
                    "max_num_batches": settings.max_num_batches,
                    "max_seq_len_source": 20,
                    "max_seq_len_target": 20,
                    "num_embed_source": 128,
                    "num_embed_target": 128,
                    "rnn_num_hidden": 128,
                },
                enable_inter_container_traffic_encryption=True,
            ),
        )

        CfnOutput(self, "TuningJobName", value=self.job.tuning_job_name)
