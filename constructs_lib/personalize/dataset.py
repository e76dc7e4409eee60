"""Schemas, dataset groups, datasets and their imports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from constructs_lib.errors import ValidationError
from constructs_lib.personalize._provider import PersonalizeProvider
from constructs_lib.personalize._resource import attribute, resource
from constructs_lib.personalize.role import PersonalizeRole
from infra.handlers.personalize_contract import ARN, DATASET, DATASET_GROUP, DATASET_IMPORT_JOB, SCHEMA


class DatasetType(Enum):
    """What a dataset holds; a group has one of each at most."""

    INTERACTIONS = "INTERACTIONS"
    USERS = "USERS"
    ITEMS = "ITEMS"


class ImportMode(Enum):
    """What an import does with the rows that a dataset has."""

    FULL = "FULL"
    """They are replaced."""
    INCREMENTAL = "INCREMENTAL"
    """They are kept."""


class PersonalizeSchema(Construct):
    """The columns of a dataset, as an Avro record.

    Args:
        scope: the parent.
        id: unique below the parent; the first part of the schema's name.
        schema: the record, such as ``{"type": "record", "name": "Interactions", "fields": [...]}``.
    """

    def __init__(self, scope: Construct, id: str, *, schema: Mapping[str, Any]) -> None:  # noqa: A002
        super().__init__(scope, id)
        if schema.get("type") != "record":
            raise ValidationError(self.node.path, [f'schema["type"]: must be record, got {schema.get("type")!r}'])
        self._resource = resource(self, "Resource", SCHEMA, {"schema": json.dumps(schema, sort_keys=True)})

    @classmethod
    def interactions(
        cls,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        more_fields: Sequence[Mapping[str, Any]] = (),
    ) -> PersonalizeSchema:
        """A schema of interactions: USER_ID, ITEM_ID and TIMESTAMP, and further fields."""
        required = [
            {"name": "USER_ID", "type": "string"},
            {"name": "ITEM_ID", "type": "string"},
            {"name": "TIMESTAMP", "type": "long"},
        ]
        record = {
            "type": "record",
            "name": "Interactions",
            "namespace": "com.amazonaws.personalize.schema",
            "fields": [*required, *more_fields],
            "version": "1.0",
        }
        return cls(scope, id, schema=record)

    @property
    def schema_arn(self) -> str:
        """The schema's ARN."""
        return attribute(self._resource, ARN)


class PersonalizeDatasetGroup(Construct):
    """A custom dataset group: the datasets that solutions are trained on.

    Args:
        scope: the parent.
        id: unique below the parent; the first part of the group's name.
        tags: tags of the group. Default: None.
    """

    def __init__(self, scope: Construct, id: str, *, tags: Mapping[str, str] | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        self._resource = resource(self, "Resource", DATASET_GROUP, {}, tags=tags)

    @property
    def dataset_group_arn(self) -> str:
        """The group's ARN."""
        return attribute(self._resource, ARN)


class PersonalizeDataset(Construct):
    """A dataset of a group.

    Args:
        scope: the parent.
        id: unique below the parent; the first part of the dataset's name.
        dataset_group: the group.
        schema: its columns; another one is taken over at the next import.
        dataset_type: what it holds. Default: ``DatasetType.INTERACTIONS``.
        tags: tags of the dataset. Default: None.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        dataset_group: PersonalizeDatasetGroup,
        schema: PersonalizeSchema,
        dataset_type: DatasetType = DatasetType.INTERACTIONS,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, id)
        request = {
            "datasetGroupArn": dataset_group.dataset_group_arn,
            "schemaArn": schema.schema_arn,
            "datasetType": dataset_type.value,
        }
        self._resource = resource(self, "Resource", DATASET, request, tags=tags)

    @property
    def dataset_arn(self) -> str:
        """The dataset's ARN."""
        return attribute(self._resource, ARN)


class PersonalizeDatasetImport(Construct):
    """Imports CSV files into a dataset when it is deployed, and again when the declaration changes.

    Args:
        scope: the parent.
        id: unique below the parent; the first part of the import job's name.
        dataset: where to.
        bucket: where the files are; they have to be there at deployment.
        key_prefix: a file's key, or the folder of several, whose last character is "/".
        role: what Personalize reads with. Default: None, a new role that may read just this.
        import_mode: whether rows that are there stay. Default: ``ImportMode.FULL``.
        revision: any text; another one imports again, for changed files under the same keys. Default: None.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        dataset: PersonalizeDataset,
        bucket: s3.IBucket,
        key_prefix: str,
        role: iam.IRole | None = None,
        import_mode: ImportMode = ImportMode.FULL,
        revision: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        self.role: iam.IRole = (
            PersonalizeRole(self, "Role", bucket=bucket, key_prefix=key_prefix) if role is None else role
        )
        """What Personalize reads with."""
        request = {
            "datasetArn": dataset.dataset_arn,
            "dataSource": {"dataLocation": bucket.s3_url_for_object(key_prefix)},
            "roleArn": self.role.role_arn,
            "importMode": import_mode.value,
            **({} if revision is None else {"tags": {"revision": {"tagValue": revision}}}),
        }
        PersonalizeProvider.get_or_create(self).allow_pass_role(self.role)
        self._resource = resource(self, "Resource", DATASET_IMPORT_JOB, request)
        # The role's policy and the bucket's too must be there before the service reads.
        self._resource.node.add_dependency(self.role)
        if bucket.policy is not None:
            self._resource.node.add_dependency(bucket.policy)

    @property
    def dataset_import_job_arn(self) -> str:
        """The import job's ARN."""
        return attribute(self._resource, ARN)
