"""The tuning engine: SageMaker automatic model tuning in one process, its training jobs in processes of their own.

A thread per tuning job (`tuner`) asks a strategy and fills the slots; a thread per training job (`training.run`) brings
the channels, follows the log and puts the artifacts back; a supervisor process per training job runs the program. The
record (`store`) is written before anything is done, so that each of them can be lost at any moment.

Where SageMaker publishes no rule, this is ours:

- Scaling Auto is logarithmic if the lower bound is above 0 and the upper at least 100 times it, else linear.
- Bayesian search spreads its first 8 jobs over the space, and goes on so until 4 have an objective value.
- A configuration is never tried twice; where none is left, the tuning job completes.
- Early stopping Auto needs 3 completed jobs with as many values of the objective.
- A job improves the best one if it beats it by more than 1 % of it.
- The search has converged when its last 10 jobs with a value (or twice as many as hyperparameters are tuned, if that is
  more) have not improved the best of at least as many before them by more than 0.1 % of it.
- Hyperband: one emission of the objective is one unit; brackets and rungs are those of Optuna's HyperbandPruner with a
  reduction factor of 3. Where MaxResource was taken from the program's own number of epochs, the program ends there by
  itself.
- Several definitions take turns, in the order of the request; one whose configurations are used up is passed over.
  Objectives are compared as they are; those of another direction than the first definition's are not.
- Warm start: see `warm_start`. AutoParameters: see `strategies.auto_ranges`. Autotune turns on early stopping and the
  end at convergence where the request says nothing of them.
- A tuning job fails after 5 training jobs without a success, or if all of fewer failed.
- Training jobs in flight at the end of a tuning job are stopped.
- A training program that was lost (not one that failed) is run again, as often as RetryStrategy says, else 3 times.
  One that was ended by `close` is run again however often; an engine that dies without `close` leaves its programs
  running and follows them when it is back.
- TrainingEndTime is the moment when the engine has put the artifacts into S3, also where it had to come back first.
- One host plays whatever instances a request asks for; input mode FastFile needs no copy where the local S3 is on the
  same disk.
- An image that no program plays runs as a container, where a Docker engine has it: see `training.images`.
"""

from __future__ import annotations

from infra.local.record import DamagedRecordError, RecordWriteError

from .engine import TuningEngine
from .errors import EngineError, EngineInUseError, NameInUseError, NoSuchJobError, WrongStatusError
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
