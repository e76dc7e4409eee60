"""From a request to the template: the custom resource of any kind, with a name that follows from the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnResource, RemovalPolicy
from constructs import Construct

from constructs_lib._name import job_name
from constructs_lib._render import template_properties
from constructs_lib.personalize._provider import PersonalizeProvider
from infra.handlers.contract import SERVICE_TIMEOUT, SERVICE_TOKEN
from infra.handlers.job_names import default_prefix
from infra.handlers.numbers import exact
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
) -> CfnResource:
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
    service = {
        SERVICE_TOKEN: provider.service_token,
        SERVICE_TIMEOUT: exact(provider.SERVICE_TIMEOUT.to_seconds()),
    }
    # Not the CDK's own CustomResource, whose inner child would stand in the paths that diffs show.
    made = CfnResource(scope, id, type=kind.resource_type, properties={**service, **name, **properties, **tagged})
    if removal_policy is not None:
        made.apply_removal_policy(removal_policy)
    return made


def attribute(made: CfnResource, name: str) -> str:
    """A reference to what the handler answers about a resource."""
    return made.get_att(name).to_string()
