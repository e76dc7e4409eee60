"""The Lambda functions behind the Personalize resources, once per stack."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from constructs_lib._nag import acknowledge, wildcard
from constructs_lib._provider import TuningJobProvider, _find_provider, _find_role, _Functions
from infra.handlers import personalize_contract as contract

_SEGMENTS = ("dataset", "dataset-group", "dataset-import-job", "schema", "solution")
_VERBS = {
    "schema": ("CreateSchema", "DeleteSchema", "DescribeSchema"),
    "dataset-group": ("CreateDatasetGroup", "DeleteDatasetGroup", "DescribeDatasetGroup"),
    "dataset": ("CreateDataset", "DeleteDataset", "DescribeDataset", "UpdateDataset"),
    "dataset-import-job": ("CreateDatasetImportJob", "DescribeDatasetImportJob"),
    "solution": (
        "CreateSolution",
        "CreateSolutionVersion",
        "DeleteSolution",
        "DescribeSolution",
        "DescribeSolutionVersion",
        "GetSolutionMetrics",
        "ListSolutionVersions",
        "StopSolutionVersionCreation",
    ),
}
_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")


class PersonalizeProvider:
    """What creates, awaits and deletes a stack's Personalize resources."""

    SERVICE_TIMEOUT = TuningJobProvider.SERVICE_TIMEOUT
    """Give this to the custom resources."""

    def __init__(self, root: IConstruct) -> None:
        self._role = _find_role(root)
        self.service_token = _find_provider(root).service_token
        """The ``ServiceToken`` of custom resources."""

    @classmethod
    def get_or_create(cls, scope: Construct) -> PersonalizeProvider:
        """The provider of ``scope``'s stack."""
        stack = cdk.Stack.of(scope)
        root = stack.node.try_find_child("PersonalizeProvider")
        return cls(_PersonalizeFunctions(stack, "PersonalizeProvider") if root is None else root)

    def allow_pass_role(self, role: iam.IRole) -> None:
        """Let imports of this stack read with ``role``: the provider may pass it, to Personalize alone."""
        self._role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}},
            )
        )


class _PersonalizeFunctions(_Functions):
    def __init__(self, scope: Construct, id: str) -> None:  # noqa: A002
        super().__init__(
            scope,
            id,
            description="Amazon Personalize",
            on_event=contract.PERSONALIZE_HANDLER,
            is_complete=contract.PERSONALIZE_COMPLETION_HANDLER,
        )
        arns = {segment: self._arn(segment) for segment in _SEGMENTS}
        for segment, operations in _VERBS.items():
            self._allow(operations, arns[segment])
        # Creating below a parent, and its role in it, are rights on the parent too.
        self._allow(("CreateDataset", "CreateSolution"), arns["dataset-group"])
        self._allow(("CreateDataset", "UpdateDataset"), arns["schema"])
        self._allow(("CreateDatasetImportJob",), arns["dataset"])
        self._allow(_TAGS, *arns.values())
        self._allow(("ListCampaigns",), "*")
        acknowledge(
            self.role,
            "Names come from declarations; what earlier declarations have made, whose names the template no longer "
            "has, must be deleted as well. Listing campaigns cannot be limited to a resource.",
            "AwsSolutions-IAM5[Resource::*]",
            *(wildcard(self, arn) for arn in arns.values()),
        )

    def _allow(self, operations: tuple[str, ...], *resources: str) -> None:
        actions = [f"personalize:{operation}" for operation in operations]
        self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=list(resources)))

    def _arn(self, segment: str) -> str:
        return cdk.Stack.of(self).format_arn(service="personalize", resource=segment, resource_name="*")
