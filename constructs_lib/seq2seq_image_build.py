"""The project's own image of the sequence-to-sequence algorithm, built in the account: nobody needs Docker."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from constructs_lib._image_build_provider import ImageBuildProvider
from constructs_lib._nag import acknowledge, wildcard
from constructs_lib.seq2seq_image import Seq2SeqImage
from infra.handlers import contract

_INFRA = Path(contract.__file__).parents[1]
# Docker Hub limits pulls of addresses that many share, as CodeBuild's are; this has the same base image.
_REGISTRY = "public.ecr.aws/docker/library/"
_HASH_DIGITS = 16


class Seq2SeqImageVariant(Enum):
    """The build of torch that an image has."""

    CPU = "cpu"
    """Small, for instances without a GPU."""

    CUDA = "cu126"
    """CUDA 12.6, for NVIDIA GPUs from Pascal to Hopper: all of SageMaker's ``ml.p3``, ``ml.g4dn``, ``ml.g5``, ``ml.p4``
    and ``ml.p5``."""


class Seq2SeqImageBuild(Construct):
    """Builds the image from the source in this package and pushes it to a repository, at deploy.

    The image's tag is the variant and a hash of the source: the same source is never built twice, and another one is
    another image, which a tuning job that uses it shows in ``cdk diff``. A build that fails fails the deployment. It
    may take 40 minutes; the CUDA variant has several GB.

    Building an image needs CodeBuild's privileged mode, in which the build may do anything to the machine that it
    has to itself. Its role may push to this repository, read this source and write its log.

    Args:
        scope: the parent.
        id: unique below the parent.
        repository: where to; the last part of its name must be ``seq2seq`` for the local AWS to know the image. A
            :class:`Seq2SeqRepository` has all that is needed.
        variant: Default: ``Seq2SeqImageVariant.CUDA``.
        log_retention: how long the builds' log is kept. Default: ``logs.RetentionDays.THREE_MONTHS``.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        repository: ecr.IRepository,
        variant: Seq2SeqImageVariant = Seq2SeqImageVariant.CUDA,
        log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
    ) -> None:
        super().__init__(scope, id)
        self._repository = repository
        source = _source(self)
        tag = f"{variant.value}-{source.asset_hash[:_HASH_DIGITS]}"
        self.project = self._project(source, tag, variant, log_retention)
        """The CodeBuild project."""
        provider = ImageBuildProvider.get_or_create(self)
        allowed = provider.allow_build(self.project, repository)
        self._resource = cdk.CustomResource(
            self,
            "Resource",
            resource_type=contract.IMAGE_BUILD_RESOURCE_TYPE,
            service_token=provider.service_token,
            service_timeout=provider.SERVICE_TIMEOUT,
            properties={
                contract.IMAGE_BUILD_PROJECT: self.project.project_name,
                contract.IMAGE_BUILD_REPOSITORY: repository.repository_name,
                contract.IMAGE_BUILD_TAG: tag,
            },
        )
        allowed.apply_before(self._resource)
        self._resource.node.add_dependency(self.project)  # with its role's rights
        self._name_after(source)

    @property
    def image(self) -> Seq2SeqImage:
        """The image; what uses it is deployed when it is there."""
        tag = self._resource.get_att_string(contract.IMAGE_BUILD_TAG)
        return Seq2SeqImage.from_repository(self._repository, tag=tag)

    def _name_after(self, source: s3_assets.Asset) -> None:
        """Another source is another resource: so what refers to the image changes with it, a tuning job's name too."""
        resource = self._resource.node.default_child
        if not isinstance(resource, cdk.CfnResource):
            raise TypeError(f"{self._resource.node.path} is not a resource")
        logical_id = cdk.Stack.of(self).get_logical_id(resource)
        resource.override_logical_id(f"{logical_id}{source.asset_hash[:_HASH_DIGITS]}")

    def _project(
        self, source: s3_assets.Asset, tag: str, variant: Seq2SeqImageVariant, log_retention: logs.RetentionDays
    ) -> codebuild.Project:
        log_group = logs.LogGroup(self, "Logs", retention=log_retention)
        variables = {
            "REGISTRY": self._repository.repository_uri,
            "IMAGE_TAG": tag,
            "VARIANT": variant.value,
            "BASE_REGISTRY": _REGISTRY,
        }
        project = codebuild.Project(
            self,
            "Project",
            description="Builds the image of the sequence-to-sequence algorithm",
            source=codebuild.Source.s3(bucket=source.bucket, path=source.s3_object_key),
            environment=codebuild.BuildEnvironment(
                build_image=codebuild.LinuxBuildImage.STANDARD_7_0,
                compute_type=codebuild.ComputeType.MEDIUM,
                privileged=True,
            ),
            environment_variables={
                name: codebuild.BuildEnvironmentVariable(value=value) for name, value in variables.items()
            },
            build_spec=codebuild.BuildSpec.from_object(_BUILD_SPEC),
            grant_report_group_permissions=False,
            logging=codebuild.LoggingOptions(cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=log_group)),
            timeout=cdk.Duration.minutes(40),
            queued_timeout=cdk.Duration.minutes(10),
        )
        self._repository.grant_pull_push(project)
        self._acknowledge(project)
        return project

    def _acknowledge(self, project: codebuild.Project) -> None:
        acknowledge(
            project,
            "The project keeps no artifacts: what it reads is encrypted in CDK's asset bucket, what it makes in ECR.",
            "AwsSolutions-CB4",
        )
        acknowledge(
            project,
            "CDK's own grants: reading one asset, logging in to ECR, which has no resource, and the project's log.",
            *(f"AwsSolutions-IAM5[Action::s3:{action}*]" for action in ("GetObject", "GetBucket", "List")),
            "AwsSolutions-IAM5[Resource::*]",
            wildcard(
                self,
                cdk.Stack.of(self).format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=f"/aws/codebuild/{project.project_name}:*",
                    arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                ),
            ),
        )
        acknowledge(project, "An image cannot be built without privileged mode.", "AwsSolutions-CB3")


_BUILD_SPEC = {
    "version": "0.2",
    "phases": {
        "pre_build": {
            "commands": [
                "aws ecr get-login-password | docker login --username AWS --password-stdin ${REGISTRY%%/*}",
            ]
        },
        # One phase: commands of the next one would run even if these had failed.
        "build": {
            "on-failure": "ABORT",
            "commands": [
                'DOCKER_BUILDKIT=1 docker build -f seq2seq/Dockerfile -t "$REGISTRY:$IMAGE_TAG"'
                ' --build-arg VARIANT="$VARIANT" --build-arg REGISTRY="$BASE_REGISTRY" .',
                'docker push "$REGISTRY:$IMAGE_TAG"',
            ],
        },
    },
}


def _source(scope: Construct) -> s3_assets.Asset:
    """What the Dockerfile copies, from a checkout or an installed package alike."""
    return s3_assets.Asset(
        scope,
        "Source",
        path=str(_INFRA),
        ignore_mode=cdk.IgnoreMode.GIT,
        exclude=["/*", "!/__init__.py", "!/container", "!/seq2seq", "__pycache__", "*.pyc"],
    )
