"""On which instances training jobs run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from aws_cdk import IResolvable, Size
from aws_cdk import aws_kms as kms

from constructs_lib._fields import GIBIBYTES, KEY, STRINGS, WHOLE, Codec, member, parts


@dataclass(frozen=True)
class InstanceType:
    """A SageMaker instance type; `of` takes any, also one that came after this library.

    >>> InstanceType.of("ml.g5.xlarge").is_gpu
    True

    Attributes:
        name: such as ``ml.g4dn.xlarge``.
    """

    name: str

    ML_M5_LARGE: ClassVar[InstanceType]
    ML_M5_XLARGE: ClassVar[InstanceType]
    ML_M5_2XLARGE: ClassVar[InstanceType]
    ML_C5_XLARGE: ClassVar[InstanceType]
    ML_C5_2XLARGE: ClassVar[InstanceType]
    ML_P2_XLARGE: ClassVar[InstanceType]
    ML_P3_2XLARGE: ClassVar[InstanceType]
    ML_P3_8XLARGE: ClassVar[InstanceType]
    ML_G4DN_XLARGE: ClassVar[InstanceType]
    ML_G4DN_2XLARGE: ClassVar[InstanceType]
    ML_G4DN_12XLARGE: ClassVar[InstanceType]
    ML_G5_XLARGE: ClassVar[InstanceType]
    ML_G5_2XLARGE: ClassVar[InstanceType]
    ML_G5_12XLARGE: ClassVar[InstanceType]
    ML_G6_XLARGE: ClassVar[InstanceType]
    ML_P4D_24XLARGE: ClassVar[InstanceType]
    ML_P5_48XLARGE: ClassVar[InstanceType]

    @classmethod
    def of(cls, name: str) -> InstanceType:
        """Any instance type by its name, a token too."""
        return cls(name)

    @property
    def family(self) -> str:
        """The part between the dots, such as ``g4dn``."""
        parts_ = self.name.split(".")
        return parts_[1] if len(parts_) == 3 else ""

    @property
    def is_gpu(self) -> bool:
        """Whether its family has NVIDIA GPUs: g and p families."""
        return self.family[:1] in ("g", "p")

    def __str__(self) -> str:
        return self.name


for _name in (n for n in InstanceType.__annotations__ if n.startswith("ML_")):
    setattr(InstanceType, _name, InstanceType(_name.lower().replace("_", ".")))

INSTANCE_TYPE = Codec(lambda value: value if isinstance(value, str) else value.name, InstanceType.of)


@dataclass(frozen=True)
class InstanceGroup:
    """Instances of one type in a training job of several types.

    Attributes:
        instance_group_name: 1-64 characters, unique in the job.
        instance_type: their type.
        instance_count: how many.
    """

    instance_group_name: str = member("InstanceGroupName")
    instance_type: InstanceType = member("InstanceType", INSTANCE_TYPE)
    instance_count: float = member("InstanceCount", WHOLE)


@dataclass(frozen=True)
class PlacementSpecification:
    """Where instances stand in an UltraServer.

    Attributes:
        instance_count: how many.
        ultra_server_id: which one. Default: None.
    """

    instance_count: float = member("InstanceCount", WHOLE)
    ultra_server_id: str | None = member("UltraServerId", default=None)


@dataclass(frozen=True)
class InstancePlacementConfig:
    """How a training job is placed on UltraServers.

    Attributes:
        enable_multiple_jobs: whether other jobs may share them. Default: None.
        placement_specifications: where the instances stand, at most 10. Default: None.
    """

    enable_multiple_jobs: bool | IResolvable | None = member("EnableMultipleJobs", default=None)
    placement_specifications: Sequence[PlacementSpecification] | None = member(
        "PlacementSpecifications", parts(PlacementSpecification), default=None
    )


@dataclass(frozen=True)
class InstancePreference:
    """One of up to 5 instance types that a training job may run on, in order of preference.

    Attributes:
        instance_type: the type.
        instance_count: how many. Default: None.
        training_plan_arns: training plan that the capacity comes from, one. Default: None.
    """

    instance_type: InstanceType = member("InstanceType", INSTANCE_TYPE)
    instance_count: float | None = member("InstanceCount", WHOLE, default=None)
    training_plan_arns: Sequence[str] | None = member("TrainingPlanArns", STRINGS, default=None)


@dataclass(frozen=True)
class InstanceConfig:
    """One of up to 6 choices that a tuning job may take its instances from.

    Attributes:
        instance_type: the type.
        instance_count: instances of each training job.
        volume_size: storage of each instance.
    """

    instance_type: InstanceType = member("InstanceType", INSTANCE_TYPE)
    instance_count: float = member("InstanceCount", WHOLE)
    volume_size: Size = member("VolumeSizeInGB", GIBIBYTES)


@dataclass(frozen=True)
class TuningResourceConfig:
    """Flexible instances: the tuning job takes the first choice that has capacity.

    Attributes:
        instance_configs: 1-6 choices. Default: None.
        allocation_strategy: the API knows ``Prioritized`` alone: in the order given. Default: None.
        instance_type: a single type, instead of choices. Default: None.
        instance_count: instances of that type. Default: None.
        volume_size: storage of each instance of that type. Default: None.
        volume_key: KMS key that encrypts the storage. Default: None, a key of the service.
    """

    instance_configs: Sequence[InstanceConfig] | None = member("InstanceConfigs", parts(InstanceConfig), default=None)
    allocation_strategy: str | None = member("AllocationStrategy", default=None)
    instance_type: InstanceType | None = member("InstanceType", INSTANCE_TYPE, default=None)
    instance_count: float | None = member("InstanceCount", WHOLE, default=None)
    volume_size: Size | None = member("VolumeSizeInGB", GIBIBYTES, default=None)
    volume_key: kms.IKey | str | None = member("VolumeKmsKeyId", KEY, default=None)
