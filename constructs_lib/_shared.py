"""What the tuning jobs of a stack share: the functions behind them, the right to pass roles, the stack's limits.

It is made for the first job and remembered here: each question to the CDK is a call into another process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib._own_references import OwnReferences
from constructs_lib._stack_limits import StackLimits

if TYPE_CHECKING:
    from constructs_lib._provider import TuningJobProvider


class SharedByJobs:
    """What a stack's tuning jobs share.

    Attributes:
        stack: the stack.
        provider: the functions that start and stop the jobs.
        service_token: the provider's.
        references: what the jobs refer to in the stack.
        limits: count of the stack's jobs.
    """

    _by_stack: ClassVar[dict[Stack, SharedByJobs]] = {}
    _by_scope: ClassVar[dict[Construct, SharedByJobs]] = {}

    def __init__(self, stack: Stack) -> None:
        from constructs_lib._provider import TuningJobProvider

        self.provider: TuningJobProvider = TuningJobProvider.get_or_create(stack)
        self.service_token: str = self.provider.service_token
        self.references = OwnReferences(stack, self.service_token)
        self.limits = StackLimits(stack)
        stack.node.add_validation(self.limits)
        self.stack = stack
        self._passed: set[int | str] = set()

    @classmethod
    def of(cls, scope: Construct) -> SharedByJobs:
        """What the jobs of a construct's stack share."""
        if scope not in cls._by_scope:
            stack = Stack.of(scope)
            if stack not in cls._by_stack:
                cls._by_stack[stack] = cls(stack)
            cls._by_scope[scope] = cls._by_stack[stack]
        return cls._by_scope[scope]

    def allow_pass_role(self, role: iam.IRole | str) -> None:
        """Lets the stack's jobs run with a role; one that is given by its ARN is imported."""
        known = role if isinstance(role, str) else id(role)  # constructs live as long as the process
        if known in self._passed:
            return
        if isinstance(role, str):
            self.provider.allow_pass_role(iam.Role.from_role_arn(self.stack, f"TuningRole{len(self._passed)}", role))
        else:
            self.provider.allow_pass_role(role)
        self._passed.add(known)
