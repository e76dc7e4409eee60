"""From a request to the template: the only place that knows which resource type carries a tuning job."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_cdk import CfnResource, Duration
from constructs import Construct

from constructs_lib._by_parts import by_parts
from constructs_lib._name import JobName
from constructs_lib._own_references import OwnReferences
from constructs_lib._shared_parts import with_shared_parts
from constructs_lib._substitute import substituted
from constructs_lib._tokens import is_unresolved
from infra.handlers.contract import (
    ENVELOPE,
    KNOWN_ALGORITHM,
    SERVICE_TIMEOUT,
    SERVICE_TOKEN,
    TUNING_JOB_NAME,
    TUNING_JOB_RESOURCE_TYPE,
)
from infra.handlers.keyed import keyed
from infra.handlers.numbers import exact

_EXACT_IN_JSON = 2**53  # JavaScript, which writes the template, has no larger whole numbers without loss


def template_properties(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request in keyed form, with numbers that JSON might change as exact strings."""
    properties: dict[str, Any] = _properties(request)
    return properties


def _property(named: tuple[str, Any]) -> Any:
    name, value = named
    return _portable(keyed({name: value})[name])


def _portable(value: Any) -> Any:
    if isinstance(value, str | bool):  # most of a request
        return value
    if isinstance(value, dict):
        return {name: _portable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_portable(item) for item in value]
    if not isinstance(value, int | float) or is_unresolved(value):
        return value
    return value if isinstance(value, int) and abs(value) < _EXACT_IN_JSON else exact(value)


_properties = by_parts(_property, dict)


class TuningJobResource(CfnResource):
    """The custom resource; its name follows from its other properties, once these are resolved.

    A plain resource and not the CDK's ``CustomResource``, which says of each that it is to be deleted, as is the
    default: hundreds of jobs are to fit into a template.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        name: JobName,
        envelope: Mapping[str, Any],
        properties: Mapping[str, Any],
    ) -> None:
        self._name = name
        self._resolved: Mapping[str, Any] | None = None
        self._rendered: Mapping[str, Any] = {}
        given = {**envelope, TUNING_JOB_NAME: name.prefix, **properties}
        super().__init__(scope, id, type=TUNING_JOB_RESOURCE_TYPE, properties=with_shared_parts(given))

    def _render_properties(self, props: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Called by the CDK with resolved properties, for the template and before that to find references."""
        given = {} if props is None else props
        if given != self._resolved:
            self._resolved, self._rendered = given, self._of(given)
        return self._rendered

    def _of(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        declared = {name: value for name, value in given.items() if name not in ENVELOPE | {TUNING_JOB_NAME}}
        shortened: dict[str, Any] = substituted(declared)
        envelope = {name: value for name, value in given.items() if name in ENVELOPE}
        return {**envelope, TUNING_JOB_NAME: self._name.of(declared), **shortened}


def render(
    scope: Construct,
    *,
    name: JobName,
    envelope: Mapping[str, Any],
    properties: Mapping[str, Any],
    is_plain: bool,
    references: OwnReferences,
) -> CfnResource:
    """Adds the resource that stands for the tuning job, as the child "Resource".

    Args:
        scope: the tuning job.
        name: the job's name, once the properties are resolved.
        envelope: what stands around the declaration; it has no part in the name.
        properties: the declaration.
        is_plain: whether there is no token in the properties.
        references: what the jobs of the stack refer to in it.
    """
    if is_plain:
        return _plain(scope, {**envelope, TUNING_JOB_NAME: name.of(properties), **properties})
    resolved = references.resolved(properties)
    if resolved is None:
        return TuningJobResource(scope, "Resource", name=name, envelope=envelope, properties=properties)
    written = name.of(resolved)
    watching = {**envelope, SERVICE_TOKEN: references.watching_token}
    resource = _plain(scope, {**watching, TUNING_JOB_NAME: written, **references.short(properties)})
    references.watch(resource, name, properties, written)
    return resource


def _plain(scope: Construct, given: Mapping[str, Any]) -> CfnResource:
    """The same as `TuningJobResource` if nothing is left for synthesis, which then need not call back, twice."""
    return CfnResource(scope, "Resource", type=TUNING_JOB_RESOURCE_TYPE, properties=with_shared_parts(given))


def envelope_of(service_token: str, service_timeout: Duration, known_algorithm: Any) -> dict[str, Any]:
    """What stands around a declaration."""
    envelope = {SERVICE_TOKEN: service_token, SERVICE_TIMEOUT: _seconds(service_timeout)}
    return envelope if known_algorithm is None else {**envelope, KNOWN_ALGORITHM: known_algorithm}


@cache  # hundreds of jobs have the same
def _seconds(duration: Duration) -> str:
    return exact(duration.to_seconds())


def template_bytes(properties: Mapping[str, Any], *, indented: bool) -> int:
    """About how much of a template a job with these properties takes, with what the CDK adds to them."""
    nested = {"Resources": {"": {"Properties": properties}}}
    indent, separators = (1, (",", ": ")) if indented else (None, (",", ":"))
    text = json.dumps(nested, indent=indent, separators=separators, default=str)
    return len(text.encode()) + AROUND


AROUND = 450  # type, service token, name, path and dependencies
