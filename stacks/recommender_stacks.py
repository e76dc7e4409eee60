"""Recommendations by Amazon Personalize: a bucket for interactions, and what is trained on them."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib import CategoricalRange, IntegerRange, ResourceLimits
from constructs_lib._nag import acknowledge
from constructs_lib.personalize import (
    HpoConfig,
    PersonalizeDataset,
    PersonalizeDatasetGroup,
    PersonalizeDatasetImport,
    PersonalizeRecipe,
    PersonalizeSchema,
    PersonalizeSolution,
)

INTERACTIONS_KEY = "interactions/interactions.csv"


class InteractionsStack(Stack):
    """The bucket of the interactions file; deployed first, and filled before the solutions are."""

    def __init__(self, scope: Construct, id: str, **kwargs: Any) -> None:  # noqa: A002
        super().__init__(scope, id, **kwargs)
        self.bucket = s3.Bucket(
            self,
            "Interactions",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        acknowledge(self.bucket, "One file that is uploaded by hand and read once.", "AwsSolutions-S1")
        CfnOutput(self, "InteractionsBucketName", value=self.bucket.bucket_name)


class RecommenderStack(Stack):
    """Imports the interactions, searches the hyperparameters of HRNN, and trains a baseline to compare it with."""

    def __init__(self, scope: Construct, id: str, *, interactions: InteractionsStack, **kwargs: Any) -> None:  # noqa: A002
        super().__init__(scope, id, **kwargs)
        group = PersonalizeDatasetGroup(self, "Shop")
        schema = PersonalizeSchema.interactions(
            self, "InteractionsSchema", more_fields=[{"name": "EVENT_TYPE", "type": "string"}]
        )
        dataset = PersonalizeDataset(self, "Interactions", dataset_group=group, schema=schema)
        imported = PersonalizeDatasetImport(
            self, "Import", dataset=dataset, bucket=interactions.bucket, key_prefix=INTERACTIONS_KEY
        )
        self.hrnn = PersonalizeSolution(
            self,
            "Hrnn",
            dataset_group=group,
            dataset_imports=[imported],
            recipe=PersonalizeRecipe.HRNN,
            perform_auto_ml=False,
            perform_hpo=True,
            algorithm_hyper_parameters={"hidden_dimension": 55},
            hpo_config=HpoConfig(
                ranges=[
                    CategoricalRange("recency_mask", values=[True, False]),
                    IntegerRange("bptt", min=20, max=40),
                ],
                resource_limits=ResourceLimits(max_number_of_training_jobs=4, max_parallel_training_jobs=2),
            ),
        )
        self.popularity = PersonalizeSolution(
            self,
            "Popularity",
            dataset_group=group,
            dataset_imports=[imported],
            recipe=PersonalizeRecipe.POPULARITY_COUNT,
        )
        result = self.hrnn.publish_result()
        CfnOutput(self, "HrnnResultParameter", value=result.parameter.parameter_name)
        CfnOutput(self, "HrnnVersionArn", value=self.hrnn.solution_version_arn)
        CfnOutput(self, "HrnnTunedHpoParams", value=self.hrnn.tuned_hpo_params)
        CfnOutput(self, "PopularityVersionArn", value=self.popularity.solution_version_arn)
