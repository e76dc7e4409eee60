"""The error of a declaration that breaks rules."""

from __future__ import annotations

from collections.abc import Sequence

from infra.handlers.rules import Finding


class ValidationError(ValueError):
    """A declaration breaks one or more rules; the message lists all of them at once.

    Attributes:
        construct_path: path of the construct in the app, such as ``Tuning/Job``.
        findings: the broken rules, each with its id, the public name of the prop, the rule and the value got.
    """

    def __init__(self, construct_path: str, findings: Sequence[Finding]) -> None:
        self.construct_path = construct_path
        self.findings = tuple(findings)
        noun = "rule" if len(findings) == 1 else "rules"
        lines = "".join(f"\n  {finding}" for finding in findings)
        super().__init__(f"[{construct_path}] the declaration breaks {len(findings)} {noun}:{lines}")
