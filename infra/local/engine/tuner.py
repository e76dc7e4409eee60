"""The scheduler of one tuning job: fills its slots, asks its strategy, ends it."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from typing import Protocol

from infra.local.record import ClosedError, RecordError, RecordReadError, RecordWriteError

from .completion import ending, max_jobs
from .early_stopping import HyperbandWatcher, should_stop, stops_early
from .errors import EngineError, WrongStatusError
from .names import OBJECTIVE_HYPERPARAMETER
from .records import TERMINAL, Definition, Request, TrainingJob, TuningJob
from .store import Store
from .strategies import Configuration, Observation, Space, configuration, hyperparameters, make_strategy
from .warm_start import prior

_logger = logging.getLogger(__name__)

_ASK = threading.Lock()
"""One ask at a time: the surrogate's libraries keep settings of the whole process."""

EARLY_STOPPED = "early stopping: worse than the median of earlier training jobs"
HYPERBAND_STOPPED = "Hyperband: others promise more, or MaxResource is reached"
TUNING_JOB_ENDED = "the tuning job has ended"


class Launcher(Protocol):
    """What a tuner needs of the engine."""

    def launch(self, job: TuningJob, number: int, definition: Definition, configuration: dict[str, str]) -> None:
        """Record and start a training job."""
        ...

    def stop_training_job(self, name: str, *, reason: str) -> None:
        """Stop a training job."""
        ...


class Tuner(threading.Thread):
    """The thread of one tuning job. It keeps nothing but the record: another one can take over at any moment.

    Args:
        store: The record.
        launcher: Starts and stops training jobs.
        name: The tuning job.
        closing: Set when the engine closes.
    """

    def __init__(self, store: Store, launcher: Launcher, name: str, closing: threading.Event) -> None:
        super().__init__(name=f"tuning-{name}", daemon=True)
        self._store = store
        self._launcher = launcher
        self._job_name = name
        self._closing = closing
        self._wake = threading.Event()
        self._exhausted = False
        self._curves: dict[str, list[float]] = {}
        self._watchers: dict[str | None, HyperbandWatcher] = {}

    def wake(self) -> None:
        """Something has changed: look at the record again."""
        self._wake.set()

    def run(self) -> None:
        """Schedule until the tuning job has ended or the engine closes."""
        try:
            while not self._closing.is_set():
                try:
                    if self._step():
                        return
                except (EngineError, RecordError):
                    raise
                except Exception as error:
                    _logger.exception("tuning job %s", self._job_name)
                    reason = f"InternalServerError: {type(error).__name__}: {error}"
                    if not self._store.decide_ending(self._job_name, ending="Failed", failure_reason=reason):
                        raise
                    continue
                self._wake.wait(self._patience())
                self._wake.clear()
        except ClosedError:
            return
        except (RecordReadError, RecordWriteError) as error:
            _logger.warning("tuning job %s waits until there is room: %s", self._job_name, error)
        except (EngineError, RecordError):
            _logger.exception("tuning job %s waits for the next start", self._job_name)

    def _patience(self) -> float | None:
        """Seconds until the tuning job runs out of time; None if it never does."""
        job = self._store.tuning_job(self._job_name)
        limit = job.config["ResourceLimits"].get("MaxRuntimeInSeconds")
        return None if limit is None or job.ending is not None else max(0.0, job.created + limit - time.time())

    def _step(self) -> bool:
        """Do what is to be done now; whether the tuning job has ended."""
        job = self._store.tuning_job(self._job_name)
        training_jobs = self._store.training_jobs(job.name)
        decision = ending(job, training_jobs, now=time.time(), exhausted=self._exhausted)
        if decision is not None:
            self._store.decide_ending(job.name, ending=decision.status, failure_reason=decision.failure_reason)
        job = self._store.tuning_job(self._job_name)
        if job.ending is not None:
            return self._wind_down(job, training_jobs)
        if job.config["Strategy"] == "Hyperband":
            self._stop_by_hyperband(job, training_jobs)
        elif stops_early(job):
            self._stop_early(job, training_jobs)
        return self._fill_slots(job, training_jobs)

    def _wind_down(self, job: TuningJob, training_jobs: list[TrainingJob]) -> bool:
        running = [t for t in training_jobs if t.status not in TERMINAL]
        for t in running:
            self._end_early(t, TUNING_JOB_ENDED)
        if running or job.ending is None:
            return False
        self._store.end_tuning_job(job.name, job.ending)
        return True

    def _stop_early(self, job: TuningJob, training_jobs: list[TrainingJob]) -> None:
        (definition,) = job.definitions
        maximize = definition.maximize
        completed = [self._curve(t, definition.metric) for t in training_jobs if t.status == "Completed"]
        for t in training_jobs:
            if t.status == "InProgress":
                curve = self._curve(t, definition.metric)
                # Each epoch counts, also when several were read at once.
                if any(should_stop(curve[:n], completed, maximize=maximize) for n in range(1, len(curve) + 1)):
                    self._end_early(t, EARLY_STOPPED)

    def _stop_by_hyperband(self, job: TuningJob, training_jobs: list[TrainingJob]) -> None:
        for definition in job.definitions:
            own = [t for t in training_jobs if t.definition == definition.name]
            for t in self._watcher(job, definition).to_stop(own, self._store):
                self._end_early(t, HYPERBAND_STOPPED)

    def _watcher(self, job: TuningJob, definition: Definition) -> HyperbandWatcher:
        if definition.name not in self._watchers:
            self._watchers[definition.name] = HyperbandWatcher(job, definition)
        return self._watchers[definition.name]

    def _end_early(self, training_job: TrainingJob, reason: str) -> None:
        with contextlib.suppress(WrongStatusError):  # it may have ended this moment
            self._launcher.stop_training_job(training_job.name, reason=reason)

    def _curve(self, training_job: TrainingJob, metric: str) -> list[float]:
        """The objective after each epoch; read once for a job that has ended."""
        if training_job.name in self._curves:
            return self._curves[training_job.name]
        values = (v.value for v in self._store.metric_values(training_job.name, metric))
        curve = [v for v in values if math.isfinite(v)]
        if training_job.status in TERMINAL:
            self._curves[training_job.name] = curve
        return curve

    def _fill_slots(self, job: TuningJob, training_jobs: list[TrainingJob]) -> bool:
        running = sum(t.status not in TERMINAL for t in training_jobs)
        slots = job.config["ResourceLimits"]["MaxParallelTrainingJobs"]
        if self._exhausted or running >= slots or len(training_jobs) >= max_jobs(job):
            return False
        number = len(training_jobs) + 1
        chosen = self._ask(job, training_jobs, number)
        if chosen is None:
            self._exhausted = True
        elif self._store.tuning_job(job.name).ending is None and not self._closing.is_set():
            definition, values = chosen
            self._launcher.launch(job, number, definition, hyperparameters(values))
        self._wake.set()  # there may be another slot, or nothing is left to wait for
        return False

    def _ask(
        self, job: TuningJob, training_jobs: list[TrainingJob], number: int
    ) -> tuple[Definition, Configuration] | None:
        """The next definition in turn that has a configuration left, with that."""
        definitions = job.definitions
        first = (number - 1) % len(definitions)
        for definition in definitions[first:] + definitions[:first]:
            own = [t for t in training_jobs if t.definition == definition.name]
            with _ASK:
                chosen = ask(job, definition, own, number)
            if chosen is not None:
                return definition, chosen
        return None


def ask(job: TuningJob, definition: Definition, training_jobs: list[TrainingJob], number: int) -> Configuration | None:
    """The configuration of a definition's next training job, from the record alone.

    Args:
        job: The tuning job.
        definition: One of its definitions.
        training_jobs: The training jobs of that definition, in the order of their numbers.
        number: The new training job's number within the tuning job.
    """
    space = Space.of(definition.ranges)
    strategy = make_strategy(job.config["Strategy"], seed=job.seed, maximize=definition.maximize)
    history = [
        Observation(configuration(space, t.tuned), t.objective_value) for t in training_jobs if t.status in TERMINAL
    ]
    running = [configuration(space, t.tuned) for t in training_jobs if t.status not in TERMINAL]
    return strategy.ask(space, [*prior(job, space, history), *history], running, number)


def training_request(definition: Definition, name: str, tuned: dict[str, str]) -> Request:
    """The CreateTrainingJob request of a training job with the given tuned hyperparameters."""
    request = definition.request
    copied = (
        "AlgorithmSpecification",
        "RoleArn",
        "InputDataConfig",
        "OutputDataConfig",
        "VpcConfig",
        "StoppingCondition",
        "EnableNetworkIsolation",
        "EnableInterContainerTrafficEncryption",
        "EnableManagedSpotTraining",
        "CheckpointConfig",
        "RetryStrategy",
        "Environment",
    )
    return {
        "TrainingJobName": name,
        "HyperParameters": {
            **definition.static,
            **tuned,
            OBJECTIVE_HYPERPARAMETER: definition.metric,
        },
        **{member: request[member] for member in copied if member in request},
        "ResourceConfig": definition.resources,
    }
