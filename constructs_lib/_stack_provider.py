"""Functions of ``infra/handlers`` behind custom resources: one way to make them, once per stack."""

from __future__ import annotations

from typing import ClassVar, Self

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import custom_resources as cr
from constructs import Construct, IConstruct

from constructs_lib._functions import handler_function, handler_logs, lambda_role
from constructs_lib._nag import acknowledge, versions_of

TOTAL_TIMEOUT = cdk.Duration.minutes(57)
"""How long a waiter waits at most: above every bound of the handlers' own, below CloudFormation's."""

# Functions of CDK's framework that its waiter calls.
_WAITED_FOR = ("framework-isComplete", "framework-onTimeout")


class StackProvider:
    """What handles the custom resources of one kind in a stack."""

    ID: ClassVar[str]
    """Id of its functions below the stack."""

    SERVICE_TIMEOUT: ClassVar[cdk.Duration]
    """Give this to the custom resources: after it CloudFormation takes the functions for dead."""

    def __init__(self, root: IConstruct) -> None:
        self._root = root
        self._role = _find_role(root)
        self.service_token: str = _find_provider(root).service_token
        """The ``ServiceToken`` of custom resources."""

    @classmethod
    def get_or_create(cls, scope: Construct) -> Self:
        """The provider of ``scope``'s stack."""
        stack = cdk.Stack.of(scope)
        root = stack.node.try_find_child(cls.ID)
        return cls(cls._make(stack) if root is None else root)

    @classmethod
    def _make(cls, stack: cdk.Stack) -> IConstruct:
        """Makes the functions below the stack."""
        raise NotImplementedError

    def _allow_pass_role(self, role: iam.IRole, service: str) -> None:
        """Let it pass ``role``, to one service alone."""
        self._role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": service}},
            )
        )


class HandlerFunctions(Construct):
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
                total_timeout=TOTAL_TIMEOUT,
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
