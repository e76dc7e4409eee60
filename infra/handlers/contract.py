"""Names that the constructs write and the handlers read: one place for both."""

from __future__ import annotations

from typing import Final

TUNING_JOB_RESOURCE_TYPE: Final = "Custom::HyperParameterTuningJob"
GPU_QUOTA_RESOURCE_TYPE: Final = "Custom::GpuTrainingQuota"
BEST_TRAINING_JOB_RESOURCE_TYPE: Final = "Custom::BestTrainingJob"

# Entry points of the Lambda functions, as seen from the asset's root.
TUNING_JOB_HANDLER: Final = "handlers.tuning_job.on_event"
TUNING_JOB_COMPLETION_HANDLER: Final = "handlers.tuning_job.is_complete"
GPU_QUOTA_HANDLER: Final = "handlers.gpu_quota.on_event"
GPU_QUOTA_COMPLETION_HANDLER: Final = "handlers.gpu_quota.is_complete"
RESULT_HANDLER: Final = "handlers.result.publish"
BEST_TRAINING_JOB_HANDLER: Final = "handlers.best_training_job.on_event"

# A property of the tuning job's resource, its physical id and an attribute.
TUNING_JOB_NAME: Final = "HyperParameterTuningJobName"
TUNING_JOB_ARN: Final = "HyperParameterTuningJobArn"
TAGS: Final = "Tags"

DEPLOYMENT_WARNINGS: Final = "DeploymentWarnings"
"""Attribute of the tuning job's resource: what the rules warn of once every value is known."""

# Properties that say what becomes of the job, and are no part of the request; all of them may be absent.
DELETION_BEHAVIOR: Final = "DeletionBehavior"
DELETION_STOP: Final = "Stop"
DELETION_RETAIN: Final = "Retain"
DELETION_DELETE: Final = "Delete"
WAIT_FOR: Final = "WaitFor"
WAIT_FOR_COMPLETED: Final = "Completed"
REVISION: Final = "Revision"
LIFE_CYCLE: Final = frozenset({DELETION_BEHAVIOR, WAIT_FOR, REVISION})

# CloudFormation adds this property to every custom resource; it is no part of the declaration.
SERVICE_TOKEN: Final = "ServiceToken"  # noqa: S105 - the property's name
SERVICE_TIMEOUT: Final = "ServiceTimeout"

# Which algorithm a declaration was checked for, where something of it is known at deployment only: its name in
# `algorithms.KNOWN`, or for a list of definitions a map from each one's name. It is no part of the declaration.
KNOWN_ALGORITHM: Final = "KnownAlgorithm"

ENVELOPE: Final = frozenset({SERVICE_TOKEN, SERVICE_TIMEOUT, KNOWN_ALGORITHM})
"""Properties around a declaration: they have no part in the job's name."""

OUTSIDE_REQUEST: Final = ENVELOPE | LIFE_CYCLE
"""Properties of the tuning job's resource that are no members of the request."""

# The service adds this static hyperparameter to what Describe returns; it counts against the limit of 100.
INJECTED_HYPER_PARAMETER: Final = "_tuning_objective_metric"

# What the result's publisher is called with, and members of what it writes.
RESULT_PARAMETER: Final = "ParameterName"
RESULT_TOPIC: Final = "TopicArn"
RESULT_STATUS: Final = "HyperParameterTuningJobStatus"
RESULT_BEST: Final = "BestTrainingJob"

# Metrics that the publisher logs, of each parameter.
METRIC_NAMESPACE: Final = "TuningAsCode"
METRIC_DIMENSION: Final = "ResultParameter"
METRIC_FAILED: Final = "TuningJobFailed"
METRIC_RUNNING_SECONDS: Final = "TuningJobRunningSeconds"

# The best training job's resource: the properties are RESULT_PARAMETER and REVISION, these are attributes.
BEST_NAME: Final = "TrainingJobName"
BEST_ARN: Final = "TrainingJobArn"
BEST_OBJECTIVE: Final = "ObjectiveValue"
BEST_MODEL: Final = "S3ModelArtifacts"
BEST_IMAGE: Final = "TrainingImage"

# The GPU quota's resource: properties and attributes.
QUOTA_NAME: Final = "QuotaName"
QUOTA_INSTANCES: Final = "Instances"
QUOTA_ON_SHORTFALL: Final = "OnShortfall"
QUOTA_CODE: Final = "QuotaCode"
QUOTA_VALUE: Final = "Value"
QUOTA_REQUESTED_VALUE: Final = "RequestedValue"
QUOTA_STATUS: Final = "Status"
ON_SHORTFALL_FAIL: Final = "FAIL"
ON_SHORTFALL_WARN: Final = "WARN"
ON_SHORTFALL_REQUEST_INCREASE: Final = "REQUEST_INCREASE"
ON_SHORTFALL_REQUEST_AND_WAIT: Final = "REQUEST_AND_WAIT"

# Tags by which a handler knows the tuning jobs of its own resource again.
OWNER_STACK_TAG: Final = "tuning-as-code:stack-id"
OWNER_LOGICAL_ID_TAG: Final = "tuning-as-code:logical-id"
OWNER_REQUEST_TAG: Final = "tuning-as-code:request-id"
OWNER_DECLARATION_TAG: Final = "tuning-as-code:declaration"
OWNER_TAGS: Final = frozenset({OWNER_STACK_TAG, OWNER_LOGICAL_ID_TAG, OWNER_REQUEST_TAG, OWNER_DECLARATION_TAG})

# The image build's resource: properties, one of which is an attribute as well.
IMAGE_BUILD_RESOURCE_TYPE: Final = "Custom::ImageBuild"
IMAGE_BUILD_HANDLER: Final = "handlers.image_build.on_event"
IMAGE_BUILD_COMPLETION_HANDLER: Final = "handlers.image_build.is_complete"
IMAGE_BUILD_PROJECT: Final = "ProjectName"
IMAGE_BUILD_REPOSITORY: Final = "RepositoryName"
IMAGE_BUILD_TAG: Final = "ImageTag"
