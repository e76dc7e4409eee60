"""Hyperparameters and environment hold no secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.checks._rule import Job, Rule, is_intrinsic
from infra.handlers.keyed import unkeyed
from infra.handlers.rules import UNRESOLVED, findings_of

_RESOLVED_SECRETS = ("{{resolve:secretsmanager:", "{{resolve:ssm-secure:")


def _breaks(job: Job) -> Iterator[str | None]:
    yield from dict.fromkeys(finding.prop for finding in findings_of("T5", unkeyed(_known(job.request))))
    for definition in job.definitions():
        for member in ("StaticHyperParameters", "Environment"):
            for name, value in definition.section(member).items():
                if _resolves_a_secret(value):
                    yield f"{'' if definition.name is None else f'{definition.name}.'}{member}.{name}"


def _known(value: Any) -> Any:
    """The request with a mark in the place of what is known at deployment only, as rules take it."""
    if is_intrinsic(value):
        return UNRESOLVED
    if isinstance(value, Mapping):
        return {name: _known(item) for name, item in value.items()}
    return [_known(item) for item in value] if isinstance(value, list) else value


def _resolves_a_secret(value: Any) -> bool:
    """Whether CloudFormation would put a secret into the request, also in a part of a text that is joined."""
    if isinstance(value, str):
        return any(mark in value for mark in _RESOLVED_SECRETS)
    if isinstance(value, Mapping):
        return any(_resolves_a_secret(item) for item in value.values())
    return isinstance(value, list) and any(_resolves_a_secret(item) for item in value)


RULE = Rule(
    id="Secrets",
    info="A hyperparameter or environment variable holds a secret: let the program read it from Secrets Manager.",
    explanation="Whoever may describe the tuning job reads them, and the training jobs keep them for ever.",
    breaks=_breaks,
)
