"""Training images that AWS publishes: in each region from a registry of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from constructs_lib.errors import ValidationError

_PULL_ACTIONS = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


@dataclass(frozen=True)
class BuiltInImage:
    """One of AWS's own training images, in a stack's region.

    Attributes:
        image_uri: ``<registry>/<repository>:<tag>``.
        repository_arn: ARN of the repository, which may be pulled from.
    """

    image_uri: str
    repository_arn: str

    @property
    def is_built_in(self) -> bool:
        """Always: the service knows the metrics of its own images."""
        return True

    def grant_pull(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow ``grantee`` to pull this image, and no other repository's."""
        return grant_pull(grantee, self.repository_arn)


def built_in_image(
    scope: Construct, *, repository: str, tag: str, accounts: Mapping[str, str], mapping: str, instead: str
) -> BuiltInImage:
    """AWS's image in the region of ``scope``'s stack; a stack without a region looks the registry up at deploy.

    Args:
        scope: where the image is used.
        repository: name of the image's repository.
        tag: its tag.
        accounts: account of the registry by region.
        mapping: id of the mapping in the templates of stacks without a region.
        instead: what to do in other regions.

    Raises:
        ValidationError: if AWS publishes no such image in the region.
    """
    stack = cdk.Stack.of(scope)
    if cdk.Token.is_unresolved(stack.region):
        table = _account_mapping(stack, mapping, accounts)
        account, suffix = table.find_in_map(cdk.Aws.REGION, "Account"), cdk.Aws.URL_SUFFIX
    elif stack.region in accounts:
        account, suffix = accounts[stack.region], _domain_suffix(stack.region)
    else:
        text = (
            f"region must be one where AWS publishes the image '{repository}' ({', '.join(accounts)}), "
            f"got {stack.region!r}; {instead}"
        )
        raise ValidationError(scope.node.path, [text])
    return BuiltInImage(
        image_uri=f"{account}.dkr.ecr.{stack.region}.{suffix}/{repository}:{tag}",
        repository_arn=stack.format_arn(
            service="ecr", account=account, resource="repository", resource_name=repository
        ),
    )


def grant_pull(grantee: iam.IGrantable, repository_arn: str) -> iam.Grant:
    """Allow pulling from one repository, by its ARN."""
    token = iam.Grant.add_to_principal(grantee=grantee, actions=["ecr:GetAuthorizationToken"], resource_arns=["*"])
    return token.combine(
        iam.Grant.add_to_principal(grantee=grantee, actions=_PULL_ACTIONS, resource_arns=[repository_arn])
    )


def _domain_suffix(region: str) -> str:
    suffix = RegionInfo.get(region).domain_suffix
    return cdk.Aws.URL_SUFFIX if suffix is None else suffix


def _account_mapping(stack: cdk.Stack, id: str, accounts: Mapping[str, str]) -> cdk.CfnMapping:  # noqa: A002
    """The stack's table of registries, made once."""
    existing = stack.node.try_find_child(id)
    if isinstance(existing, cdk.CfnMapping):
        return existing
    table = {region: {"Account": account} for region, account in accounts.items()}
    return cdk.CfnMapping(stack, id, mapping=table, lazy=True)
