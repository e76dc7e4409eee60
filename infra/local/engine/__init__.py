"""The tuning engine: SageMaker automatic model tuning in one process, its training jobs in processes of their own."""

from __future__ import annotations

from .engine import TuningEngine
from .errors import (
    DamagedRecordError,
    EngineError,
    EngineInUseError,
    NameInUseError,
    NoSuchJobError,
    WrongStatusError,
)
from .settings import EngineSettings

__all__ = [
    "DamagedRecordError",
    "EngineError",
    "EngineInUseError",
    "EngineSettings",
    "NameInUseError",
    "NoSuchJobError",
    "TuningEngine",
    "WrongStatusError",
]
