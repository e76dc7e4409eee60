"""Findings of cdk-nag that are meant: recorded on the construct, each with its reason.

CDK itself keeps the acknowledgements, so the library needs no cdk-nag; an app that runs it reads them.
"""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct


def acknowledge(construct: IConstruct, reason: str, *rule_ids: str) -> None:
    """Accept ``rule_ids`` (such as ``AwsSolutions-L1``) on ``construct`` and everything below it."""
    cdk.Validations.of(construct).acknowledge(*[cdk.Acknowledgment(id=rule_id, reason=reason) for rule_id in rule_ids])


def wildcard(scope: IConstruct, resource: str) -> str:
    """The rule id of the finding that a policy statement with the resource ``resource``, which has a ``*``, gives."""
    return f"AwsSolutions-IAM5[Resource::{_flatten(cdk.Stack.of(scope).resolve(resource))}]"


def versions_of(scope: IConstruct, function: lambda_.IFunction) -> str:
    """The rule id of the finding that CDK's own ``grant_invoke`` gives: it allows every version of the function."""
    return wildcard(scope, f"{function.function_arn}:*")


def _flatten(value: Any) -> str:
    """How cdk-nag writes a resolved token: ``<LogicalId.Attribute>``, ``<Parameter>``, and an export by its name."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        delimiter, parts = value["Fn::Join"]
        return str(delimiter).join(_flatten(part) for part in parts)
    if "Fn::GetAtt" in value:
        logical_id, attribute = value["Fn::GetAtt"]
        return f"<{logical_id}.{attribute}>"
    if "Fn::ImportValue" in value:
        return _flatten(value["Fn::ImportValue"])
    return f"<{value['Ref']}>"
