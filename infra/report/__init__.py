"""What a person sees of a tuning job: tables and charts, read through the SageMaker API alone.

`infra.report.page` draws reports; it stands apart because the libraries for charts take a second to import, which the
live table does not need.
"""

from __future__ import annotations

from infra.report.missing import TuningJobNotFoundError
from infra.report.search_space import Hyperparameter
from infra.report.snapshot import Objective, TrainingJob, TuningJobSnapshot

__all__ = ["Hyperparameter", "Objective", "TrainingJob", "TuningJobNotFoundError", "TuningJobSnapshot"]
