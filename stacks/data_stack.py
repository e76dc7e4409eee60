"""What a tuning job needs before it can start: buckets for its channels, a role, an image, a quota."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from constructs_lib import GpuTrainingQuota, InstanceType, OnShortfall, Seq2SeqImage, TrainingChannels, TrainingRole
from stacks.settings import Settings


class DataStack(Stack):
    """The channel buckets, the training role, the image and the GPU quota of the sequence-to-sequence job.

    Deployed first; its outputs name the buckets to fill before the tuning stack can be deployed.
    """

    def __init__(self, scope: Construct, id: str, *, settings: Settings, **kwargs: Any) -> None:  # noqa: A002
        super().__init__(scope, id, **kwargs)

        self.channels = TrainingChannels(self, "Channels")
        self.image = Seq2SeqImage.built_in(self)
        self.role = TrainingRole(self, "TrainingRole", channels=self.channels, image=self.image)
        self.quota = GpuTrainingQuota(
            self,
            "Quota",
            instance_type=InstanceType.of(settings.instance_type),
            instances=settings.max_parallel_training_jobs,
            on_shortfall=OnShortfall.REQUEST_INCREASE,
        )

        CfnOutput(self, "TrainBucketName", value=self.channels.train.bucket_name)
        CfnOutput(self, "ValidationBucketName", value=self.channels.validation.bucket_name)
        CfnOutput(self, "VocabBucketName", value=self.channels.vocab.bucket_name)
        CfnOutput(self, "OutputBucketName", value=self.channels.output.bucket_name)
