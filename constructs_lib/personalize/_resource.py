"""From a request to the template: the custom resource of any kind, with a name that follows from the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import CustomResource, RemovalPolicy
from constructs import Construct

from constructs_lib._name import default_prefix, job_name
from constructs_lib._render import template_properties
from constructs_lib.personalize._provider import PersonalizeProvider
from infra.handlers.personalize_contract import TAGS, Kind


def resource(
    scope: Construct,
    id: str,  # noqa: A002
    kind: Kind,
    request: Mapping[str, Any],
    *,
    tags: Mapping[str, str] | None = None,
    removal_policy: RemovalPolicy | None = None,
    named: bool = True,
) -> CustomResource:
    """The resource for a create request without its name.

    Args:
        scope: parent.
        id: id in the parent, whose construct id is the name's prefix.
        kind: what is created.
        request: the request; tokens stand in it as they are.
        tags: tags; a changed tag makes no new resource.
        removal_policy: what happens when it leaves the stack.
        named: whether the resource has a name of its own.
    """
    provider = PersonalizeProvider.get_or_create(scope)
    properties = template_properties(request)
    name = {kind.name: job_name(scope, default_prefix(scope.node.id), properties)} if named else {}
    tagged = {} if not tags else {TAGS: {key: {"tagValue": value} for key, value in tags.items()}}
    return CustomResource(
        scope,
        id,
        resource_type=kind.resource_type,
        service_token=provider.service_token,
        service_timeout=provider.SERVICE_TIMEOUT,
        removal_policy=removal_policy,
        properties={**name, **properties, **tagged},
    )
