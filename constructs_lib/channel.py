"""Where training jobs read their data and write their models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from aws_cdk import IResolvable
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from constructs_lib._fields import KEY, STRINGS, WHOLE, choice, member, part


class InputMode(Enum):
    """How data reaches a training program."""

    FILE = "File"
    """As files, copied before the program starts."""
    FAST_FILE = "FastFile"
    """As files, read from S3 when they are opened."""
    PIPE = "Pipe"
    """As named pipes, one for each epoch."""


class S3DataType(Enum):
    """What an S3 address points to."""

    S3_PREFIX = "S3Prefix"
    MANIFEST_FILE = "ManifestFile"
    AUGMENTED_MANIFEST_FILE = "AugmentedManifestFile"
    CONVERSE = "Converse"


class S3DataDistribution(Enum):
    """Which of a channel's objects each instance of a training job gets."""

    FULLY_REPLICATED = "FullyReplicated"
    SHARDED_BY_S3_KEY = "ShardedByS3Key"


class ChannelCompression(Enum):
    """How a channel's files are compressed."""

    NONE = "None"
    GZIP = "Gzip"


class RecordWrapper(Enum):
    """Whether the service wraps each file's content into a record."""

    NONE = "None"
    RECORD_IO = "RecordIO"


class FileSystemType(Enum):
    """The kind of a file system."""

    EFS = "EFS"
    FSX_LUSTRE = "FSxLustre"


class FileSystemAccessMode(Enum):
    """Whether training jobs may write to a file system."""

    READ_WRITE = "rw"
    READ_ONLY = "ro"


class OutputCompression(Enum):
    """Whether a model is stored as one compressed archive."""

    GZIP = "GZIP"
    NONE = "NONE"


@dataclass(frozen=True)
class S3DataSource:
    """Objects in S3.

    Attributes:
        s3_uri: prefix, or the manifest's address, such as ``s3://bucket/prefix``.
        s3_data_type: what the address points to. Default: ``S3DataType.S3_PREFIX``.
        s3_data_distribution_type: which objects each instance gets. Default: None, all of them.
        attribute_names: attributes of an augmented manifest to read. Default: None.
        instance_group_names: instance groups that get the data. Default: None, all groups.
        accept_eula: accepts the licence of a model that asks for it. Default: None.
        hub_content_arn: the private hub's content that the data belongs to. Default: None.
    """

    s3_uri: str = member("S3Uri")
    s3_data_type: S3DataType | IResolvable = member("S3DataType", choice(S3DataType), default=S3DataType.S3_PREFIX)
    s3_data_distribution_type: S3DataDistribution | IResolvable | None = member(
        "S3DataDistributionType", choice(S3DataDistribution), default=None
    )
    attribute_names: Sequence[str] | None = member("AttributeNames", STRINGS, default=None)
    instance_group_names: Sequence[str] | None = member("InstanceGroupNames", STRINGS, default=None)
    accept_eula: bool | IResolvable | None = member("ModelAccessConfig.AcceptEula", default=None)
    hub_content_arn: str | None = member("HubAccessConfig.HubContentArn", default=None)


@dataclass(frozen=True)
class FileSystemDataSource:
    """A folder of an EFS or FSx for Lustre file system; the training jobs need a VPC that reaches it.

    Attributes:
        file_system_id: such as ``fs-0123456789abcdef0``.
        file_system_type: EFS or FSx for Lustre.
        directory_path: the folder, at most 4,096 characters.
        file_system_access_mode: whether training jobs may write. Default: ``FileSystemAccessMode.READ_ONLY``.
    """

    file_system_id: str = member("FileSystemId")
    file_system_type: FileSystemType | IResolvable = member("FileSystemType", choice(FileSystemType))
    directory_path: str = member("DirectoryPath")
    file_system_access_mode: FileSystemAccessMode | IResolvable = member(
        "FileSystemAccessMode", choice(FileSystemAccessMode), default=FileSystemAccessMode.READ_ONLY
    )


@dataclass(frozen=True)
class DatasetSource:
    """A data set of a SageMaker hub.

    Attributes:
        dataset_arn: ARN of the hub's content.
    """

    dataset_arn: str = member("DatasetArn")


@dataclass(frozen=True)
class Channel:
    """One named input of the training jobs; it has exactly one source.

    Attributes:
        s3_data_source: objects in S3. Default: None.
        file_system_data_source: a folder of a file system. Default: None.
        dataset_source: a data set of a hub. Default: None.
        content_type: MIME type of the data. Default: None.
        compression_type: how the files are compressed. Default: None, not.
        record_wrapper_type: whether the service wraps files into records. Default: None, not.
        input_mode: how the data reaches the program. Default: None, as the algorithm says.
        shuffle_seed: seed to shuffle the objects by before each epoch. Default: None, not shuffled.
        bucket: the bucket behind the source, whose policy must exist before the job. Default: None.
    """

    s3_data_source: S3DataSource | None = member("DataSource.S3DataSource", part(S3DataSource), default=None)
    file_system_data_source: FileSystemDataSource | None = member(
        "DataSource.FileSystemDataSource", part(FileSystemDataSource), default=None
    )
    dataset_source: DatasetSource | None = member("DataSource.DatasetSource", part(DatasetSource), default=None)
    content_type: str | None = member("ContentType", default=None)
    compression_type: ChannelCompression | IResolvable | None = member(
        "CompressionType", choice(ChannelCompression), default=None
    )
    record_wrapper_type: RecordWrapper | IResolvable | None = member(
        "RecordWrapperType", choice(RecordWrapper), default=None
    )
    input_mode: InputMode | IResolvable | None = member("InputMode", choice(InputMode), default=None)
    shuffle_seed: float | None = member("ShuffleConfig.Seed", WHOLE, default=None)
    bucket: s3.IBucket | None = field(default=None, kw_only=True, repr=False, compare=False)

    @classmethod
    def from_bucket(
        cls,
        bucket: s3.IBucket,
        prefix: str = "",
        *,
        content_type: str | None = None,
        input_mode: InputMode | None = None,
    ) -> Channel:
        """All objects of a bucket below a prefix, which has no leading slash; each instance gets all of them."""
        source = S3DataSource(
            s3_uri=_s3_uri(bucket, prefix), s3_data_distribution_type=S3DataDistribution.FULLY_REPLICATED
        )
        return cls(s3_data_source=source, content_type=content_type, input_mode=input_mode, bucket=bucket)


@dataclass(frozen=True)
class OutputDataConfig:
    """Where models go: ``<s3_output_path>/<training job>/output/model.tar.gz``.

    Attributes:
        s3_output_path: such as ``s3://bucket/prefix``.
        key: KMS key that encrypts them, as a construct or its ARN, id or alias. Default: None, the bucket's own
            encryption.
        compression_type: whether a model is one compressed archive. Default: None, it is.
        bucket: the bucket behind the path, whose policy must exist before the job. Default: None.
    """

    s3_output_path: str = member("S3OutputPath")
    key: kms.IKey | str | None = member("KmsKeyId", KEY, default=None)
    compression_type: OutputCompression | IResolvable | None = member(
        "CompressionType", choice(OutputCompression), default=None
    )
    bucket: s3.IBucket | None = field(default=None, kw_only=True, repr=False, compare=False)

    @classmethod
    def to_bucket(
        cls,
        bucket: s3.IBucket,
        prefix: str = "",
        *,
        key: kms.IKey | None = None,
        compression_type: OutputCompression | None = None,
    ) -> OutputDataConfig:
        """Below a prefix of a bucket, encrypted with ``key`` or else with the bucket's own KMS key, if it has one."""
        used = bucket.encryption_key if key is None else key
        return cls(s3_output_path=_s3_uri(bucket, prefix), key=used, compression_type=compression_type, bucket=bucket)


def _s3_uri(bucket: s3.IBucket, prefix: str) -> str:
    return f"s3://{bucket.bucket_name}/{prefix}" if prefix else f"s3://{bucket.bucket_name}"
