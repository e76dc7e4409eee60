"""Amazon Personalize on this machine: datasets are imported, solution versions really train and search."""

from __future__ import annotations

from infra.local.personalize.service import PersonalizeService

__all__ = ["PersonalizeService"]
