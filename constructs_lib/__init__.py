"""Hyperparameter tuning jobs and what surrounds them, as AWS CDK constructs."""

from constructs_lib._built_in_image import BuiltInImage
from constructs_lib._job import IHyperParameterTuningJob, TuningJobStatus
from constructs_lib.alarms import TuningJobAlarms
from constructs_lib.algorithms import (
    Algorithm,
    CategoricalHyperParameter,
    ContinuousHyperParameter,
    CustomAlgorithm,
    HyperParameter,
    IntegerHyperParameter,
    Seq2Seq,
    TrainingImage,
    ValueType,
    XGBoost,
)
from constructs_lib.best_model import BestModel
from constructs_lib.best_model_package import BestModelPackage, ModelApprovalStatus
from constructs_lib.channel import (
    Channel,
    ChannelCompression,
    DatasetSource,
    FileSystemAccessMode,
    FileSystemDataSource,
    FileSystemType,
    InputMode,
    OutputCompression,
    OutputDataConfig,
    RecordWrapper,
    S3DataDistribution,
    S3DataSource,
    S3DataType,
)
from constructs_lib.definition import CheckpointConfig, TrainingJobDefinition, VpcConfig
from constructs_lib.errors import ValidationError
from constructs_lib.gpu_training_quota import GpuTrainingQuota, OnShortfall
from constructs_lib.instance import (
    InstanceConfig,
    InstanceGroup,
    InstancePlacementConfig,
    InstancePreference,
    InstanceType,
    PlacementSpecification,
    TuningResourceConfig,
)
from constructs_lib.life_cycle import DeletionBehavior, WaitFor
from constructs_lib.limits import (
    BestObjectiveNotImproving,
    CompleteOnConvergence,
    ConvergenceDetected,
    ResourceLimits,
    TuningJobCompletionCriteria,
)
from constructs_lib.objective import Objective, ObjectiveType
from constructs_lib.ranges import (
    AutoParameter,
    CategoricalRange,
    ContinuousRange,
    IntegerRange,
    ParameterRange,
    ParameterRanges,
    Scaling,
)
from constructs_lib.result import ITuningJobResult, TuningJobResult
from constructs_lib.seq2seq_image import Seq2SeqImage, Seq2SeqRepository
from constructs_lib.seq2seq_image_build import Seq2SeqImageBuild, Seq2SeqImageVariant
from constructs_lib.strategy import (
    EarlyStoppingType,
    HyperbandStrategyConfig,
    Strategy,
    StrategyConfig,
    WarmStartConfig,
    WarmStartType,
)
from constructs_lib.training_channels import ITrainingChannels, TrainingChannels
from constructs_lib.training_needs import QuotaUsage, TrainingNeeds
from constructs_lib.training_role import TrainingRole
from constructs_lib.tuning_job import HyperParameterTuningJob

__all__ = [
    "Algorithm",
    "AutoParameter",
    "BestModel",
    "BestModelPackage",
    "BestObjectiveNotImproving",
    "BuiltInImage",
    "CategoricalHyperParameter",
    "CategoricalRange",
    "Channel",
    "ChannelCompression",
    "CheckpointConfig",
    "CompleteOnConvergence",
    "ContinuousHyperParameter",
    "ContinuousRange",
    "ConvergenceDetected",
    "CustomAlgorithm",
    "DatasetSource",
    "DeletionBehavior",
    "EarlyStoppingType",
    "FileSystemAccessMode",
    "FileSystemDataSource",
    "FileSystemType",
    "GpuTrainingQuota",
    "HyperParameter",
    "HyperParameterTuningJob",
    "HyperbandStrategyConfig",
    "IHyperParameterTuningJob",
    "ITrainingChannels",
    "ITuningJobResult",
    "InputMode",
    "InstanceConfig",
    "InstanceGroup",
    "InstancePlacementConfig",
    "InstancePreference",
    "InstanceType",
    "IntegerHyperParameter",
    "IntegerRange",
    "ModelApprovalStatus",
    "Objective",
    "ObjectiveType",
    "OnShortfall",
    "OutputCompression",
    "OutputDataConfig",
    "ParameterRange",
    "ParameterRanges",
    "PlacementSpecification",
    "QuotaUsage",
    "RecordWrapper",
    "ResourceLimits",
    "S3DataDistribution",
    "S3DataSource",
    "S3DataType",
    "Scaling",
    "Seq2Seq",
    "Seq2SeqImage",
    "Seq2SeqImageBuild",
    "Seq2SeqImageVariant",
    "Seq2SeqRepository",
    "Strategy",
    "StrategyConfig",
    "TrainingChannels",
    "TrainingImage",
    "TrainingJobDefinition",
    "TrainingNeeds",
    "TrainingRole",
    "TuningJobAlarms",
    "TuningJobCompletionCriteria",
    "TuningJobResult",
    "TuningJobStatus",
    "TuningResourceConfig",
    "ValidationError",
    "ValueType",
    "VpcConfig",
    "WaitFor",
    "WarmStartConfig",
    "WarmStartType",
    "XGBoost",
]
