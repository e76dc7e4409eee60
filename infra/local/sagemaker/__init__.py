"""SageMaker's API over the tuning engine."""

from __future__ import annotations

from .operations import OPERATIONS
from .service import SageMakerService

__all__ = ["OPERATIONS", "SageMakerService"]
