"""The pack of all checks."""

from __future__ import annotations

from typing import Any, Final, cast

import jsii
from aws_cdk import CfnResource, Stack
from cdk_nag import IApplyRule, NagMessageLevel, NagPack, NagRuleCompliance
from constructs import IConstruct

from constructs_lib.checks import (
    cost_ceiling,
    immutable_image,
    network_isolation,
    no_secrets,
    output_encryption,
    spot_checkpoints,
    traffic_encryption,
    volume_encryption,
)
from constructs_lib.checks._rule import Job, Rule
from infra.handlers.contract import OUTSIDE_REQUEST, TUNING_JOB_RESOURCE_TYPE

RULES: Final[tuple[Rule, ...]] = (
    cost_ceiling.RULE,
    immutable_image.RULE,
    network_isolation.RULE,
    output_encryption.RULE,
    no_secrets.RULE,
    spot_checkpoints.RULE,
    traffic_encryption.RULE,
    volume_encryption.RULE,
)
"""All checks in the order of their ids."""


class TuningChecks(NagPack):
    """Checks every tuning job of an app.

    Values that are known at deployment only pass: no check can look at them. A finding is acknowledged with its reason
    by ``Validations.of(job).acknowledge(Acknowledgment(id="Tuning-OutputEncryption", reason="..."))``; one that belongs
    to a definition of several has the definition's name behind it, as in ``Tuning-OutputEncryption[large]``.

    Example::

        Validations.of(app).add_plugins(TuningChecks(app), AwsSolutionsChecks(app))

    Args:
        scope: the app. Default: None.
        verbose: whether findings say why they matter. Default: False.
    """

    def __init__(self, scope: IConstruct | None = None, *, verbose: bool = False) -> None:
        super().__init__(scope, verbose=verbose)
        self._pack_name = "Tuning"

    @property
    def name(self) -> str:
        """The name of the pack in reports."""
        return "TuningChecks"

    def _check_resource(self, node: CfnResource) -> None:
        if node.cfn_resource_type != TUNING_JOB_RESOURCE_TYPE:
            return
        # As everything in the template: tokens resolved, names of the API.
        properties: dict[str, Any] = Stack.of(node).resolve(node._cfn_properties)
        job = Job({name: value for name, value in properties.items() if name not in OUTSIDE_REQUEST})
        for rule in RULES:
            findings = list(rule.breaks(job))
            if findings:
                self._apply_rule(cast(IApplyRule, _Finding(node, rule, findings)))


@jsii.implements(IApplyRule)
class _Finding:
    """What cdk-nag asks about a rule that is applied to a resource."""

    def __init__(self, node: CfnResource, rule: Rule, findings: list[str | None]) -> None:
        self._node = node
        self._rule = rule
        self._findings = findings

    @property
    def node(self) -> CfnResource:
        return self._node

    @property
    def info(self) -> str:
        return self._rule.info

    @property
    def explanation(self) -> str:
        return self._rule.explanation

    @property
    def level(self) -> NagMessageLevel:
        return NagMessageLevel.WARN if self._rule.warns else NagMessageLevel.ERROR

    @property
    def rule_suffix_override(self) -> str:
        return self._rule.id

    def rule(self, node: CfnResource) -> Any:
        named = [finding for finding in self._findings if finding is not None]
        return named if named else NagRuleCompliance.NON_COMPLIANT
