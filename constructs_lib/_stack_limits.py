"""CloudFormation's limits of a stack, told before a deployment fails by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import jsii
from aws_cdk import CfnResource, Stack
from constructs import IValidation

from constructs_lib._by_parts import by_parts
from constructs_lib._render import AROUND, template_bytes
from constructs_lib._substitute import substituted

MOST_RESOURCES: Final = 500
MOST_BYTES: Final = 1_000_000
_OTHERS_BYTES: Final = 900  # of a resource that is no tuning job, about
_COMPACT: Final = "@aws-cdk/core:suppressTemplateIndentation"
_LOOK_CLOSER_FROM: Final = 0.7
_INDENTED_TIMES: Final = 1.6  # longer than a compact template, about: counting it exactly takes ten times as long


# About how long the JSON of properties is.
_bytes_of = by_parts(
    lambda named: len(json.dumps(named[1], default=str)),
    lambda found: sum(len(name) + 6 + found[name] for name in found),
)


@jsii.implements(IValidation)
class StackLimits:
    """Counts a stack's tuning jobs and what they take of its template; the CDK asks for the result at synth."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._indented = not stack.node.try_get_context(_COMPACT)
        self._declared: list[Mapping[str, Any]] = []
        self._bytes = 0

    def add(self, properties: Mapping[str, Any], text: str | None) -> None:
        """Counts a tuning job with these properties, or about so many characters of them."""
        self._declared.append(properties)
        self._bytes += (_bytes_of(properties) if text is None else len(text)) + AROUND

    def validate(self) -> list[str]:
        """What is over a limit, and how to split; called by the CDK."""
        jobs = len(self._declared)
        about = self._bytes * (_INDENTED_TIMES if self._indented else 1)
        if jobs < _LOOK_CLOSER_FROM * MOST_RESOURCES and about < _LOOK_CLOSER_FROM * MOST_BYTES:
            return []
        found = self._stack.node.find_all()
        every = sum(isinstance(each, CfnResource) and Stack.of(each) == self._stack for each in found)
        return [*self._too_many(jobs, every), *self._too_long(jobs, every)]

    def _too_many(self, jobs: int, every: int) -> list[str]:
        if every <= MOST_RESOURCES:
            return []
        return [
            f"a stack takes at most {MOST_RESOURCES} resources, got {every}, of which {jobs} are tuning jobs: "
            f"move {every - MOST_RESOURCES} or more jobs to another stack, or to a NestedStack"
        ]

    def _too_long(self, jobs: int, every: int) -> list[str]:
        resolved = self._stack.resolve(self._declared)
        each = [template_bytes(substituted(properties), indented=self._indented) for properties in resolved]
        others = _OTHERS_BYTES * (every - jobs)
        total = sum(each) + others
        if total <= MOST_BYTES:
            return []
        fitting = max(0, int((MOST_BYTES - others) * jobs / sum(each)))
        shorter = f", or set the context {_COMPACT} to true, by which a template gets a third shorter"
        return [
            f"a stack's template takes at most {MOST_BYTES:,} bytes, got about {total:,} for {jobs} tuning jobs and "
            f"{every - jobs} other resources: about {fitting} such jobs fit, so move {jobs - fitting} or more to "
            f"another stack, or to a NestedStack{shorter if self._indented else ''}"
        ]
