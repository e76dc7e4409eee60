"""The Lambda functions behind the custom resources, once per stack."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ssm as ssm
from aws_cdk import custom_resources as cr
from constructs import Construct, IConstruct

from constructs_lib._functions import handler_function, handler_logs, lambda_role
from constructs_lib._nag import acknowledge, versions_of, wildcard
from infra.handlers import contract

# Functions of CDK's framework that its waiter calls.
_WAITED_FOR = ("framework-isComplete", "framework-onTimeout")


class TuningJobProvider:
    """What creates, re-tags and stops a stack's tuning jobs.

    It may pass no role before :meth:`allow_pass_role` names one.
    """

    TOTAL_TIMEOUT = cdk.Duration.minutes(57)
    """How long a waiter waits at most: above every bound of the handler's own, below CloudFormation's."""

    SERVICE_TIMEOUT = cdk.Duration.minutes(50)
    """Give this to a custom resource that waits for no result: above every bound but that of waiting for one, so
    that CloudFormation does not wait an hour for functions that died."""

    def __init__(self, root: IConstruct) -> None:
        self._role = _find_role(root)
        self.service_token = _find_provider(root).service_token
        """The ``ServiceToken`` of custom resources."""

    @classmethod
    def get_or_create(cls, scope: Construct) -> TuningJobProvider:
        """The provider of ``scope``'s stack."""
        stack = cdk.Stack.of(scope)
        root = stack.node.try_find_child("TuningJobProvider")
        if root is None:
            root = _TuningJobFunctions(stack, "TuningJobProvider")
        return cls(root)

    def allow_pass_role(self, role: iam.IRole) -> None:
        """Let tuning jobs of this stack run with ``role``: the provider may pass it, to SageMaker alone."""
        self._role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            )
        )


class GpuQuotaProvider:
    """What compares a stack's training quotas with what it needs."""

    SERVICE_TIMEOUT = cdk.Duration.minutes(10)
    """Give this to a custom resource that waits for no increase."""

    WAITING_SERVICE_TIMEOUT = cdk.Duration.minutes(60)
    """Give this to one that does: the most that CloudFormation waits."""

    def __init__(self, root: IConstruct) -> None:
        self._root = root
        self._role = _find_role(root)
        self.service_token = _find_provider(root).service_token
        """The ``ServiceToken`` of custom resources."""

    @classmethod
    def get_or_create(cls, scope: Construct) -> GpuQuotaProvider:
        """The provider of ``scope``'s stack."""
        stack = cdk.Stack.of(scope)
        root = stack.node.try_find_child("GpuQuotaProvider")
        if root is None:
            root = _GpuQuotaFunctions(stack, "GpuQuotaProvider")
        return cls(root)

    def allow_requests(self) -> None:
        """Let it request increases of SageMaker's quotas; without this it only reads."""
        stack = cdk.Stack.of(self._root)
        quotas = stack.format_arn(service="servicequotas", resource="sagemaker", resource_name="*")
        self._role.add_to_principal_policy(
            iam.PolicyStatement(actions=["servicequotas:RequestServiceQuotaIncrease"], resources=[quotas])
        )
        # The account's first request makes Service Quotas create its service-linked role.
        linked_role = stack.format_arn(
            service="iam",
            region="",
            resource="role",
            resource_name="aws-service-role/servicequotas.amazonaws.com/AWSServiceRoleForServiceQuotas",
        )
        self._role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["iam:CreateServiceLinkedRole"],
                resources=[linked_role],
                conditions={"StringEquals": {"iam:AWSServiceName": "servicequotas.amazonaws.com"}},
            )
        )
        acknowledge(
            self._role,
            "Quota codes are looked up by name at deploy; requests are limited to SageMaker's quotas.",
            wildcard(self._root, quotas),
        )


class BestTrainingJobProvider:
    """What hands published results to stacks."""

    SERVICE_TIMEOUT = cdk.Duration.minutes(10)
    """Give this to the custom resource."""

    def __init__(self, root: IConstruct) -> None:
        self._role = _find_role(root)
        self.service_token = _find_provider(root).service_token
        """The ``ServiceToken`` of custom resources."""

    @classmethod
    def get_or_create(cls, scope: Construct) -> BestTrainingJobProvider:
        """The provider of ``scope``'s stack."""
        stack = cdk.Stack.of(scope)
        root = stack.node.try_find_child("BestTrainingJobProvider")
        if root is None:
            handler = contract.BEST_TRAINING_JOB_HANDLER
            root = _Functions(stack, "BestTrainingJobProvider", description="Best training jobs", on_event=handler)
        return cls(root)

    def allow_read(self, parameter: ssm.IStringParameter) -> None:
        """Let it read one result."""
        statement = iam.PolicyStatement(actions=["ssm:GetParameter"], resources=[parameter.parameter_arn])
        self._role.add_to_principal_policy(statement)


class _Functions(Construct):
    """A handler module of ``infra/handlers`` behind CDK's provider framework, with roles and logs of its own."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        description: str,
        on_event: str,
        is_complete: str | None = None,
        query_interval: cdk.Duration | None = None,
    ) -> None:
        super().__init__(scope, id)
        self._query_interval = cdk.Duration.seconds(5) if query_interval is None else query_interval
        self._description = description
        self._log_group = handler_logs(self, "Logs")
        self._framework_logs = handler_logs(self, "FrameworkLogs")
        self.role = lambda_role(self, "Role", self._log_group)
        on_event_function = self._function("OnEvent", on_event)
        if is_complete is None:
            self._provider(on_event_function, None)
        else:
            self._provider(on_event_function, self._function("IsComplete", is_complete))

    def _function(self, name: str, handler: str) -> lambda_.Function:
        return handler_function(
            self, name, description=self._description, handler=handler, role=self.role, log_group=self._log_group
        )

    def _provider(self, on_event: lambda_.Function, is_complete: lambda_.Function | None) -> None:
        on_event_role = lambda_role(self, "FrameworkOnEventRole", self._framework_logs)
        if is_complete is None:
            cr.Provider(
                self,
                "Provider",
                on_event_handler=on_event,
                framework_on_event_role=on_event_role,
                log_group=self._framework_logs,
            )
        else:
            cr.Provider(
                self,
                "Provider",
                on_event_handler=on_event,
                is_complete_handler=is_complete,
                framework_on_event_role=on_event_role,
                framework_complete_and_timeout_role=lambda_role(self, "FrameworkWaitRole", self._framework_logs),
                log_group=self._framework_logs,
                query_interval=self._query_interval,
                total_timeout=TuningJobProvider.TOTAL_TIMEOUT,
            )
        self._acknowledge_framework(on_event, is_complete)

    def _acknowledge_framework(self, on_event: lambda_.Function, is_complete: lambda_.Function | None) -> None:
        provider = self.node.find_child("Provider")
        acknowledge(provider, "CDK chooses the runtime of its provider framework.", "AwsSolutions-L1")
        called = [on_event] if is_complete is None else [on_event, is_complete]
        acknowledge(
            self,
            "CDK's provider framework may call any version of the functions that it is made for, and no others.",
            *(versions_of(self, function) for function in called),
        )
        waiter = provider.node.try_find_child("waiter-state-machine")
        if waiter is not None:
            acknowledge(
                waiter,
                "The waiter repeats a call that is logged already, and its input has a signed URL that no log may.",
                "AwsSolutions-SF1",
                "AwsSolutions-SF2",
                *(versions_of(self, _find_function(provider, name)) for name in _WAITED_FOR),
            )


class _TuningJobFunctions(_Functions):
    def __init__(self, scope: Construct, id: str) -> None:  # noqa: A002
        super().__init__(
            scope,
            id,
            description="Hyperparameter tuning jobs",
            on_event=contract.TUNING_JOB_HANDLER,
            is_complete=contract.TUNING_JOB_COMPLETION_HANDLER,
        )
        jobs = cdk.Stack.of(self).format_arn(
            service="sagemaker", resource="hyper-parameter-tuning-job", resource_name="*"
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="TuningJobs",
                actions=[
                    "sagemaker:AddTags",
                    "sagemaker:CreateHyperParameterTuningJob",
                    "sagemaker:DeleteHyperParameterTuningJob",
                    "sagemaker:DeleteTags",
                    "sagemaker:DescribeHyperParameterTuningJob",
                    "sagemaker:ListTags",
                    "sagemaker:StopHyperParameterTuningJob",
                ],
                resources=[jobs],
            )
        )
        acknowledge(
            self.role,
            "A tuning job's name comes from its declaration; the jobs of earlier declarations, whose names "
            "the template no longer has, must be stopped as well.",
            wildcard(self, jobs),
        )


class _GpuQuotaFunctions(_Functions):
    def __init__(self, scope: Construct, id: str) -> None:  # noqa: A002
        super().__init__(
            scope,
            id,
            description="Training quotas",
            on_event=contract.GPU_QUOTA_HANDLER,
            is_complete=contract.GPU_QUOTA_COMPLETION_HANDLER,
            query_interval=cdk.Duration.seconds(30),
        )
        self.role.add_to_policy(
            iam.PolicyStatement(
                sid="ReadQuotas",
                actions=[
                    "servicequotas:ListAWSDefaultServiceQuotas",
                    "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
                    "servicequotas:ListServiceQuotas",
                ],
                resources=["*"],
            )
        )
        acknowledge(
            self.role,
            "Reading quotas and requests cannot be limited to a resource.",
            "AwsSolutions-IAM5[Resource::*]",
        )


def _find_role(root: IConstruct) -> iam.Role:
    role = root.node.find_child("Role")
    if not isinstance(role, iam.Role):
        raise TypeError(f"{role.node.path} is not a role")
    return role


def _find_function(provider: IConstruct, name: str) -> lambda_.Function:
    function = provider.node.find_child(name)
    if not isinstance(function, lambda_.Function):
        raise TypeError(f"{function.node.path} is not a function")
    return function


def _find_provider(root: IConstruct) -> cr.Provider:
    provider = root.node.find_child("Provider")
    if not isinstance(provider, cr.Provider):
        raise TypeError(f"{provider.node.path} is not a provider")
    return provider
