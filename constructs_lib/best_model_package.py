"""The best model of a tuning job as a version in the model registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import aws_cdk as cdk
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk.interfaces.aws_sagemaker import IModelPackageGroupRef
from constructs import Construct

from constructs_lib._best_training_job import read_best_training_job
from constructs_lib._tokens import is_unresolved
from constructs_lib.errors import ValidationError
from constructs_lib.result import ITuningJobResult
from infra.handlers import contract


class ModelApprovalStatus(Enum):
    """Whether a model package may be deployed."""

    APPROVED = "Approved"
    REJECTED = "Rejected"
    PENDING_MANUAL_APPROVAL = "PendingManualApproval"


class BestModelPackage(Construct):
    """Registers the model of the best training job as a version of a model package group.

    Like `BestModel` it belongs in a stack that is deployed when the tuning job has ended, and keeps what it has read;
    another ``revision`` reads again and registers a further version. Training job and objective stand in the version's
    metadata. CloudFormation registers it, so that no role of this library needs a right for it.

    Args:
        scope: parent of the construct.
        id: id in the parent.
        result: the published result.
        group: the model package group, such as a ``CfnModelPackageGroup``.
        supported_content_types: MIME types that the serving container takes, such as ``application/json``.
        supported_response_mime_types: MIME types that it answers with.
        approval_status: Default: ``ModelApprovalStatus.PENDING_MANUAL_APPROVAL``.
        image: image that serves the model. Default: None, the image that trained it.
        environment: variables of the serving container. Default: None.
        description: of the version, at most 1,024 characters. Default: None.
        revision: any text; another one reads the result again. Default: None.

    Raises:
        ValidationError: if a list of MIME types is empty or the description is too long.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        result: ITuningJobResult,
        group: IModelPackageGroupRef,
        supported_content_types: Sequence[str],
        supported_response_mime_types: Sequence[str],
        approval_status: ModelApprovalStatus = ModelApprovalStatus.PENDING_MANUAL_APPROVAL,
        image: str | None = None,
        environment: Mapping[str, str] | None = None,
        description: str | None = None,
        revision: str | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._validate(supported_content_types, supported_response_mime_types, description)
        self._best = read_best_training_job(self, result, revision)
        container = sagemaker.CfnModelPackage.ModelPackageContainerDefinitionProperty(
            image=self._best.get_att_string(contract.BEST_IMAGE) if image is None else image,
            model_data_url=self._best.get_att_string(contract.BEST_MODEL),
            environment=environment,
        )
        package = sagemaker.CfnModelPackage(
            self,
            "Resource",
            model_package_group_name=_name_of(group),
            model_package_description=description,
            model_approval_status=approval_status.value,
            inference_specification=sagemaker.CfnModelPackage.InferenceSpecificationProperty(
                containers=[container],
                supported_content_types=list(supported_content_types),
                supported_response_mime_types=list(supported_response_mime_types),
            ),
            customer_metadata_properties={
                contract.BEST_NAME: self.training_job_name,
                contract.BEST_OBJECTIVE: self.objective_value,
            },
        )
        self.model_package_arn: str = package.attr_model_package_arn
        """The ARN of the version."""

    @property
    def training_job_name(self) -> str:
        """The training job that made the model."""
        return self._best.get_att_string(contract.BEST_NAME)

    @property
    def objective_value(self) -> str:
        """Its objective, as it was published."""
        return self._best.get_att_string(contract.BEST_OBJECTIVE)

    def _validate(self, content: Sequence[str], response: Sequence[str], description: str | None) -> None:
        problems = [
            f"{prop} must have at least one MIME type, got none"
            for prop, types in (("supported_content_types", content), ("supported_response_mime_types", response))
            if not types
        ]
        if description is not None and not is_unresolved(description) and len(description) > 1024:
            problems.append(f"description must have at most 1024 characters, got {len(description)}")
        if problems:
            raise ValidationError(self.node.path, problems)


def _name_of(group: IModelPackageGroupRef) -> str:
    """The group's name, which is the last part of its ARN."""
    arn = group.model_package_group_ref.model_package_group_arn
    return cdk.Fn.select(1, cdk.Fn.split("/", arn))
