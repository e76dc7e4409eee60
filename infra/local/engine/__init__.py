"""The tuning engine: SageMaker automatic model tuning in one process, its training jobs in processes of their own.

A thread per tuning job (`tuner`) asks a strategy and fills the slots; a thread per training job (`training.run`) brings
the channels, follows the log and puts the artifacts back; a supervisor process per training job runs the program. The
record (`store`) is written before anything is done, so that each of them can be lost at any moment.

Where SageMaker publishes no rule, this is ours:

- Scaling Auto is logarithmic if the lower bound is above 0 and the upper at least 100 times it, else linear.
- Bayesian search draws at random until 4 jobs have an objective value.
- A configuration is never tried twice; where none is left, the tuning job completes.
- Early stopping Auto needs 3 completed jobs with as many values of the objective.
- A job improves the best one if it beats it by more than 1 % of it.
- A tuning job fails after 5 training jobs without a success, or if all of fewer failed.
- Training jobs in flight at the end of a tuning job are stopped.
- A training program that was lost (not one that failed) is run again, 3 times at most. One that was ended by `close` is
  run again however often; an engine that dies without `close` leaves its programs running and follows them when it is
  back.
- One host plays whatever instances a request asks for; input mode FastFile is served as File.
"""

from __future__ import annotations

from .engine import TuningEngine
from .errors import (
    DamagedRecordError,
    EngineError,
    EngineInUseError,
    NameInUseError,
    NoSuchJobError,
    RecordWriteError,
    WrongStatusError,
)
from .settings import EngineSettings
from .training.processes import end_training_programs

__all__ = [
    "DamagedRecordError",
    "EngineError",
    "EngineInUseError",
    "EngineSettings",
    "NameInUseError",
    "NoSuchJobError",
    "RecordWriteError",
    "TuningEngine",
    "WrongStatusError",
    "end_training_programs",
]
