"""What a template has."""

from __future__ import annotations

from typing import Any

from aws_cdk.assertions import Template


def resources(template: Template, kind: str) -> dict[str, Any]:
    return {name: found for name, found in template.to_json()["Resources"].items() if found["Type"] == kind}


def statements(template: Template, role: str) -> list[dict[str, Any]]:
    """All statements of the policies of the role whose logical id starts so."""
    return [
        statement
        for policy in resources(template, "AWS::IAM::Policy").values()
        if any(attached["Ref"].startswith(role) for attached in policy["Properties"]["Roles"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def actions(found: list[dict[str, Any]]) -> list[str]:
    groups = [[each["Action"]] if isinstance(each["Action"], str) else each["Action"] for each in found]
    return sorted({action for group in groups for action in group})
