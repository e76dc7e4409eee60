"""What starts a stack's image builds and waits for them."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from constructs_lib._provider import _find_provider, _find_role, _Functions
from infra.handlers import contract


class ImageBuildProvider:
    """Starts builds of the projects that it is told of, and of no others."""

    SERVICE_TIMEOUT = cdk.Duration.minutes(60)
    """Give this to the custom resource: the most that CloudFormation waits."""

    def __init__(self, root: IConstruct) -> None:
        self._role = _find_role(root)
        self.service_token = _find_provider(root).service_token
        """The ``ServiceToken`` of custom resources."""

    @classmethod
    def get_or_create(cls, scope: Construct) -> ImageBuildProvider:
        """The provider of ``scope``'s stack."""
        stack = cdk.Stack.of(scope)
        root = stack.node.try_find_child("ImageBuildProvider")
        if root is None:
            root = _Functions(
                stack,
                "ImageBuildProvider",
                description="Image builds",
                on_event=contract.IMAGE_BUILD_HANDLER,
                is_complete=contract.IMAGE_BUILD_COMPLETION_HANDLER,
                query_interval=cdk.Duration.seconds(15),
            )
        return cls(root)

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
