"""What SageMaker tells other services: logs and metrics to CloudWatch, state changes to EventBridge's rules."""

from __future__ import annotations

from .publisher import Publisher

__all__ = ["Publisher"]
