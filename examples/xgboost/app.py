#!/usr/bin/env python3
"""Tunes SageMaker's XGBoost on a table: two stacks, since the data has to be there before the tuning job.

cdk deploy xgboost-data --app "python examples/xgboost/app.py"
aws s3 cp train.csv s3://<bucket>/train/ && aws s3 cp validation.csv s3://<bucket>/validation/
cdk deploy xgboost-tuning --exclusively --app "python examples/xgboost/app.py"
"""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib import (
    Channel,
    HyperParameterTuningJob,
    InstanceType,
    Objective,
    OutputDataConfig,
    ResourceLimits,
    Scaling,
    TrainingChannels,
    TrainingJobDefinition,
    TrainingRole,
    XGBoost,
)


class DataStack(cdk.Stack):
    """The bucket with data and models, and the role that trains."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        )
        channels = TrainingChannels.from_buckets(
            self, "Channels", train=self.bucket, validation=self.bucket, vocab=self.bucket, output=self.bucket
        )
        image = XGBoost.built_in_image(self)
        self.role = TrainingRole(self, "Role", channels=channels, image=image)
        cdk.CfnOutput(self, "BucketName", value=self.bucket.bucket_name)


class TuningStack(cdk.Stack):
    """The search for the best hyperparameters."""

    def __init__(self, scope: Construct, name: str, *, data: DataStack) -> None:
        super().__init__(scope, name)
        job = HyperParameterTuningJob(
            self,
            "Trees",
            job_name_prefix="xgboost",
            objective=Objective.maximize("validation:auc"),
            ranges=[
                XGBoost.eta.between(0.1, 0.5, scaling=Scaling.LOGARITHMIC),
                XGBoost.alpha.between(0, 2),
                XGBoost.min_child_weight.between(1, 10),
                XGBoost.max_depth.between(1, 10),
            ],
            resource_limits=ResourceLimits(max_number_of_training_jobs=12, max_parallel_training_jobs=2),
            random_seed=7,
            training_job_definition=TrainingJobDefinition(
                algorithm=XGBoost(XGBoost.built_in_image(self)),
                role=data.role,
                channels={
                    "train": Channel.from_bucket(data.bucket, "train", content_type="text/csv"),
                    "validation": Channel.from_bucket(data.bucket, "validation", content_type="text/csv"),
                },
                output_data_config=OutputDataConfig.to_bucket(data.bucket, "output"),
                instance_type=InstanceType.of("ml.m5.xlarge"),
                instance_count=1,
                volume_size=cdk.Size.gibibytes(10),
                max_runtime=cdk.Duration.minutes(30),
                static_hyper_parameters={
                    "objective": "binary:logistic",
                    "eval_metric": "auc",
                    "num_round": 60,
                    "subsample": 0.8,
                },
            ),
        )
        cdk.CfnOutput(self, "TuningJobName", value=job.tuning_job_name)


app = cdk.App()
TuningStack(app, "xgboost-tuning", data=DataStack(app, "xgboost-data"))
app.synth()
