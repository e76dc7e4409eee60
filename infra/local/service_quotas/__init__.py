"""Service Quotas for the quotas that training jobs need."""

from __future__ import annotations

from infra.local.service_quotas.catalogue import Quota, TrainingUsage, quota_code, training_quotas
from infra.local.service_quotas.service import ServiceQuotasService

__all__ = ["Quota", "ServiceQuotasService", "TrainingUsage", "quota_code", "training_quotas"]
