"""The constructs around the tuning job, in one app as somebody would write it."""

from __future__ import annotations

import gc
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from constructs_lib._provider import TuningJobProvider
from constructs_lib.gpu_training_quota import GpuTrainingQuota, OnShortfall
from constructs_lib.instance import InstanceType
from constructs_lib.seq2seq_image import Seq2SeqImage, Seq2SeqRepository
from constructs_lib.training_channels import TrainingChannels
from constructs_lib.training_needs import QuotaUsage
from constructs_lib.training_role import TrainingRole


class Deployment:
    """A data stack and a tuning stack without an environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = cdk.App(outdir=str(folder), analytics_reporting=False)
        self.data = cdk.Stack(self.app, "Data")
        self.tuning = cdk.Stack(self.app, "Tuning")
        self._declare_data()
        self._declare_tuning()
        self.app.synth()
        self.data_template = Template.from_stack(self.data)
        self.tuning_template = Template.from_stack(self.tuning)

    def _declare_data(self) -> None:
        self.channels = TrainingChannels(self.data, "Channels")
        image = Seq2SeqRepository(self.data, "Repository").image("1")
        self.role = TrainingRole(self.data, "TrainingRole", channels=self.channels, image=image)
        GpuTrainingQuota(
            self.data,
            "Quota",
            instance_type=InstanceType.ML_P3_2XLARGE,
            instances=2,
            on_shortfall=OnShortfall.REQUEST_INCREASE,
        )
        GpuTrainingQuota(
            self.data,
            "SpotQuota",
            instance_type="ml.g5.xlarge",
            instances=cdk.CfnParameter(self.data, "Number", type="Number").value_as_number,
            usage=QuotaUsage.SPOT_TRAINING,
        )

    def _declare_tuning(self) -> None:
        image = Seq2SeqImage.built_in(self.tuning)
        channels = TrainingChannels.from_buckets(
            self.tuning,
            "Imported",
            train=s3.Bucket.from_bucket_name(self.tuning, "T", "corpora"),
            validation=s3.Bucket.from_bucket_name(self.tuning, "V", "corpora"),
            vocab=s3.Bucket.from_bucket_name(self.tuning, "D", "corpora"),
            output=s3.Bucket.from_bucket_name(self.tuning, "O", "models"),
            encryption_key=kms.Key.from_key_arn(self.tuning, "K", "arn:aws:kms:eu-west-1:111122223333:key/k"),
        )
        own_role = TrainingRole(self.tuning, "TrainingRole", channels=channels, image=image)
        TuningJobProvider.get_or_create(self.tuning).allow_pass_role(self.role)
        gc.collect()  # the next call must find what the first one made even if Python has let go of it
        provider = TuningJobProvider.get_or_create(self.tuning)
        provider.allow_pass_role(own_role)
        cdk.CfnOutput(self.tuning, "Image", value=image.image_uri)
        cdk.CfnOutput(self.tuning, "SameImage", value=Seq2SeqImage.built_in(self.tuning).image_uri)
        cdk.CfnOutput(self.tuning, "ServiceToken", value=provider.service_token)
