"""The local AWS: ministack for the general services, our endpoint for SageMaker and Service Quotas, and the engine."""

from __future__ import annotations
