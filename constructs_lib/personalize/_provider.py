"""The Lambda functions behind the Personalize resources, once per stack."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct, IConstruct

from constructs_lib._nag import acknowledge, wildcard
from constructs_lib._provider import TuningJobProvider
from constructs_lib._stack_provider import HandlerFunctions, StackProvider
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


class PersonalizeProvider(StackProvider):
    """What creates, awaits and deletes a stack's Personalize resources."""

    ID = "PersonalizeProvider"

    SERVICE_TIMEOUT = TuningJobProvider.SERVICE_TIMEOUT

    @classmethod
    def _make(cls, stack: cdk.Stack) -> IConstruct:
        return _PersonalizeFunctions(stack, cls.ID)

    def allow_pass_role(self, role: iam.IRole) -> None:
        """Let imports of this stack read with ``role``: the provider may pass it, to Personalize alone."""
        self._allow_pass_role(role, "personalize.amazonaws.com")


class _PersonalizeFunctions(HandlerFunctions):
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
