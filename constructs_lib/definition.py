"""How one training job of a tuning job runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, IResolvable, Size
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from constructs_lib._fields import (
    GIBIBYTES,
    KEY,
    ROLE,
    SECONDS,
    STRINGS,
    TEXT_MAP,
    WHOLE,
    Codec,
    member,
    named,
    part,
    parts,
)
from constructs_lib.algorithms.algorithm import ALGORITHM, Algorithm
from constructs_lib.channel import Channel, OutputDataConfig
from constructs_lib.instance import (
    INSTANCE_TYPE,
    InstanceGroup,
    InstancePlacementConfig,
    InstancePreference,
    InstanceType,
    TuningResourceConfig,
)
from constructs_lib.objective import Objective
from constructs_lib.ranges import ParameterRange, ParameterRanges


@dataclass(frozen=True)
class VpcConfig:
    """The network that training jobs run in.

    Attributes:
        subnets: ids of 1-16 subnets.
        security_group_ids: ids of 1-5 security groups.
    """

    subnets: Sequence[str] = member("Subnets", STRINGS)
    security_group_ids: Sequence[str] = member("SecurityGroupIds", STRINGS)

    @classmethod
    def from_vpc(
        cls,
        vpc: ec2.IVpc,
        *,
        security_groups: Sequence[ec2.ISecurityGroup],
        vpc_subnets: ec2.SubnetSelection | None = None,
    ) -> VpcConfig:
        """Subnets of a VPC, its private ones unless ``vpc_subnets`` selects others."""
        selected = vpc.select_subnets() if vpc_subnets is None else vpc.select_subnets(**vpc_subnets._values)
        return cls(
            subnets=selected.subnet_ids, security_group_ids=[group.security_group_id for group in security_groups]
        )


@dataclass(frozen=True)
class CheckpointConfig:
    """Where a training job saves its state, so that an interrupted one goes on.

    Attributes:
        s3_uri: such as ``s3://bucket/checkpoints``.
        local_path: the folder that the program writes. Default: None, ``/opt/ml/checkpoints``.
    """

    s3_uri: str = member("S3Uri")
    local_path: str | None = member("LocalPath", default=None)


def _sorted_by_kind(ranges: Sequence[ParameterRange] | ParameterRanges) -> ParameterRanges:
    return ranges if isinstance(ranges, ParameterRanges) else ParameterRanges.of(ranges)


_RANGES_PART = part(ParameterRanges)
RANGES = Codec(lambda ranges: _RANGES_PART.encode(_sorted_by_kind(ranges)), _RANGES_PART.decode, ParameterRanges)


@dataclass(frozen=True)
class TrainingJobDefinition:
    """What every training job of a tuning job has in common.

    Attributes:
        algorithm: the training program, such as ``Seq2Seq(image)``.
        role: role that the training jobs run as.
        output_data_config: where models go.
        channels: 1-20 inputs by channel name. Default: None.
        instance_type: type of the instances of each training job. Default: None, with ``instance_groups`` or
            ``tuning_resource_config`` instead.
        instance_count: instances of each training job. Default: None.
        volume_size: storage of each instance, in whole GiB. Default: None.
        volume_key: KMS key that encrypts the storage, as a construct or its ARN or id. Default: None, a key of the
            service.
        max_runtime: a training job that runs longer is stopped; its model so far counts. Default: None, one day.
        static_hyper_parameters: hyperparameters that are not tuned, by name; numbers and booleans are written as the
            API's strings. Default: None.
        enable_network_isolation: whether the program is cut off from the network; the service still moves data and
            models. Default: True.
        enable_inter_container_traffic_encryption: whether instances of one training job talk encrypted; slower, and
            without effect on a single instance. Default: None, they do not.
        enable_managed_spot_training: whether training jobs run on spot capacity, which needs ``max_wait_time``.
            Default: None, they do not.
        max_wait_time: time for a spot training job, waiting for capacity included, at least ``max_runtime``.
            Default: None.
        max_pending_time: time that a training job may wait for capacity of a training plan, 30 minutes to 28 days.
            Default: None.
        checkpoint_config: where a training job saves its state. Default: None.
        maximum_retry_attempts: how often a training job that failed by an error of the service is tried again, 1-30.
            Default: None.
        environment: environment variables of the program, at most 48. Default: None.
        vpc_config: network of the training jobs. Default: None, outside any VPC of yours.
        keep_alive_period: how long instances stay warm for the next training job, at most 6 hours. Default: None.
        instance_groups: instances of several types, at most 5 groups. Default: None.
        tuning_resource_config: flexible instances, instead of ``instance_type``. Default: None.
        instance_placement_config: placement on UltraServers. Default: None.
        instance_preferences: instance types in order of preference, at most 5. Default: None.
        selected_instance_type: the one selected among the preferences. Default: None.
        selected_instance_count: how many of it. Default: None.
        training_plan_arn: training plan that the capacity comes from. Default: None.
        definition_name: name in a list of definitions, 1-64 characters. Default: None.
        objective: the metric to optimise, in a list of definitions. Default: None.
        ranges: where to search, in a list of definitions. Default: None.
    """

    algorithm: Algorithm = member("AlgorithmSpecification", ALGORITHM)
    role: iam.IRole | str = member("RoleArn", ROLE)
    output_data_config: OutputDataConfig = member("OutputDataConfig", part(OutputDataConfig))
    channels: Mapping[str, Channel] | None = member("InputDataConfig", named(Channel, "ChannelName"), default=None)
    instance_type: InstanceType | None = member("ResourceConfig.InstanceType", INSTANCE_TYPE, default=None)
    instance_count: float | None = member("ResourceConfig.InstanceCount", WHOLE, default=None)
    volume_size: Size | None = member("ResourceConfig.VolumeSizeInGB", GIBIBYTES, default=None)
    volume_key: kms.IKey | str | None = member("ResourceConfig.VolumeKmsKeyId", KEY, default=None)
    max_runtime: Duration | None = member("StoppingCondition.MaxRuntimeInSeconds", SECONDS, default=None)
    static_hyper_parameters: Mapping[str, str | float] | None = member("StaticHyperParameters", TEXT_MAP, default=None)
    enable_network_isolation: bool | IResolvable | None = member("EnableNetworkIsolation", default=True)
    enable_inter_container_traffic_encryption: bool | IResolvable | None = member(
        "EnableInterContainerTrafficEncryption", default=None
    )
    enable_managed_spot_training: bool | IResolvable | None = member("EnableManagedSpotTraining", default=None)
    max_wait_time: Duration | None = member("StoppingCondition.MaxWaitTimeInSeconds", SECONDS, default=None)
    max_pending_time: Duration | None = member("StoppingCondition.MaxPendingTimeInSeconds", SECONDS, default=None)
    checkpoint_config: CheckpointConfig | None = member("CheckpointConfig", part(CheckpointConfig), default=None)
    maximum_retry_attempts: float | None = member("RetryStrategy.MaximumRetryAttempts", WHOLE, default=None)
    environment: Mapping[str, str] | None = member("Environment", TEXT_MAP, default=None)
    vpc_config: VpcConfig | None = member("VpcConfig", part(VpcConfig), default=None)
    keep_alive_period: Duration | None = member("ResourceConfig.KeepAlivePeriodInSeconds", SECONDS, default=None)
    instance_groups: Sequence[InstanceGroup] | None = member(
        "ResourceConfig.InstanceGroups", parts(InstanceGroup), default=None
    )
    tuning_resource_config: TuningResourceConfig | None = member(
        "HyperParameterTuningResourceConfig", part(TuningResourceConfig), default=None
    )
    instance_placement_config: InstancePlacementConfig | None = member(
        "ResourceConfig.InstancePlacementConfig", part(InstancePlacementConfig), default=None
    )
    instance_preferences: Sequence[InstancePreference] | None = member(
        "ResourceConfig.InstancePreferences", parts(InstancePreference), default=None
    )
    selected_instance_type: InstanceType | None = member(
        "ResourceConfig.SelectedInstanceType", INSTANCE_TYPE, default=None
    )
    selected_instance_count: float | None = member("ResourceConfig.SelectedInstanceCount", WHOLE, default=None)
    training_plan_arn: str | None = member("ResourceConfig.TrainingPlanArn", default=None)
    definition_name: str | None = member("DefinitionName", default=None)
    objective: Objective | None = member("TuningObjective", part(Objective), default=None)
    ranges: Sequence[ParameterRange] | ParameterRanges | None = member("HyperParameterRanges", RANGES, default=None)
