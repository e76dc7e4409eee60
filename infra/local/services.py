"""The services that the local AWS adds to ministack, by botocore's name."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import cast

from infra.local.endpoint.service import Service
from infra.local.home import Home

# Package and class; the class takes the home.
_CLASSES = {
    "personalize": ("infra.local.personalize", "PersonalizeService"),
    "sagemaker": ("infra.local.sagemaker", "SageMakerService"),
    "service-quotas": ("infra.local.service_quotas", "ServiceQuotasService"),
}

SERVICES = tuple(_CLASSES)
"""What the endpoint serves; everything else is ministack's."""


def build_services(home: Home, names: Sequence[str] = SERVICES) -> list[Service]:
    """The services on one home. Where one fails to start, those before it are closed again."""
    built: list[Service] = []
    try:
        for name in names:
            package, class_name = _CLASSES[name]
            make = cast("Callable[[Home], Service]", getattr(importlib.import_module(package), class_name))
            built.append(make(home))
    except BaseException:
        for service in built:
            service.close()
        raise
    return built
