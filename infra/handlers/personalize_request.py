"""What a Personalize resource's properties declare: the request that creates it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .coerce import CoercionError, coerce
from .contract import ENVELOPE
from .errors import HandlerError
from .keyed import KeyedFormError, unkeyed
from .model import RequestModel
from .personalize_contract import OUTSIDE_REQUEST, TAGS, Kind


def declared(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The declaration: what makes a new resource when it changes."""
    return {name: value for name, value in properties.items() if name not in ENVELOPE and name != TAGS}


def tags_of(properties: Mapping[str, Any]) -> dict[str, str]:
    """The declared tags by key."""
    return {key: str(entry["tagValue"]) for key, entry in properties.get(TAGS, {}).items()}


def model_of(kind: Kind) -> RequestModel:
    """The shape of the request that creates a kind of resource."""
    return RequestModel("personalize", kind.create)


def request_of(kind: Kind, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The create request without tags, with the types that CloudFormation took from its values.

    Args:
        kind: what is created.
        properties: the resource's properties, in keyed form.

    Raises:
        HandlerError: naming each property that is unknown or has the wrong type.
    """
    given = {name: value for name, value in declared(properties).items() if name not in OUTSIDE_REQUEST}
    try:
        return coerce(unkeyed(given), model_of(kind))
    except (CoercionError, KeyedFormError) as error:
        raise HandlerError(f"the declaration does not fit {kind.create}: {error}") from error
