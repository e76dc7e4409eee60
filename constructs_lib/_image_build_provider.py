"""What starts a stack's image builds and waits for them."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import IConstruct

from constructs_lib._stack_provider import HandlerFunctions, StackProvider
from infra.handlers import contract


class ImageBuildProvider(StackProvider):
    """Starts builds of the projects that it is told of, and of no others."""

    ID = "ImageBuildProvider"

    SERVICE_TIMEOUT = cdk.Duration.minutes(60)
    """Give this to the custom resource: the most that CloudFormation waits."""

    @classmethod
    def _make(cls, stack: cdk.Stack) -> IConstruct:
        return HandlerFunctions(
            stack,
            cls.ID,
            description="Image builds",
            on_event=contract.IMAGE_BUILD_HANDLER,
            is_complete=contract.IMAGE_BUILD_COMPLETION_HANDLER,
            query_interval=cdk.Duration.seconds(15),
        )

    def allow_build(self, project: codebuild.IProject, repository: ecr.IRepository) -> iam.Grant:
        """Let it start builds of ``project`` and look for their images in ``repository``."""
        builds = iam.Grant.add_to_principal(
            grantee=self._role,
            actions=["codebuild:StartBuild", "codebuild:BatchGetBuilds"],
            resource_arns=[project.project_arn],
        )
        images = iam.Grant.add_to_principal(
            grantee=self._role, actions=["ecr:DescribeImages"], resource_arns=[repository.repository_arn]
        )
        return builds.combine(images)
