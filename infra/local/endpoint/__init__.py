"""An HTTP endpoint that speaks AWS's JSON protocol for any service with a botocore model."""

from __future__ import annotations

from infra.local.endpoint.service import Service, ServiceError

__all__ = ["Service", "ServiceError"]
