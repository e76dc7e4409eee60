"""A stack for tuning jobs, with a stand-in for the Lambda provider: bundling its code has tests of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from constructs import Construct


class TuningJobProvider:
    """Records which roles may be passed."""

    SERVICE_TIMEOUT = cdk.Duration.minutes(50)
    service_token = "arn:aws:lambda:eu-central-1:123456789012:function:provider"
    passed: list[str] = []  # noqa: RUF012 - emptied for each stack

    @classmethod
    def get_or_create(cls, scope: Construct) -> TuningJobProvider:
        return cls()

    def allow_pass_role(self, role: iam.IRole) -> None:
        self.passed.append(role.node.path)


@pytest.fixture(autouse=True, scope="module")
def provider() -> Iterator[type[TuningJobProvider]]:
    module = ModuleType("constructs_lib._provider")
    module.TuningJobProvider = TuningJobProvider  # type: ignore[attr-defined]
    TuningJobProvider.passed.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "constructs_lib._provider", module)
        yield TuningJobProvider


@pytest.fixture(scope="module")
def stack() -> cdk.Stack:
    """A stack that is never synthesised: enough where declarations are refused or only looked at."""
    return cdk.Stack(cdk.App(), "Tuning")
