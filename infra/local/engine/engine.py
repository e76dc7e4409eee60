"""The engine: owns all tuning and training jobs of a state folder."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra.local.home import ACCOUNT, DEFAULT_REGION, Home

from .errors import NameInUseError, WrongStatusError
from .lock import FolderLock
from .names import training_job_arn, training_job_name, tuning_job_arn
from .records import TERMINAL, Definition, Request, TrainingJob, TuningJob
from .room import Keeper
from .settings import EngineSettings
from .store import Store
from .training.images import NoLocalImageError, find_image, image_name
from .training.launcher import Launcher
from .training.run import RunContext, TrainingRun
from .tuner import Tuner, training_request
from .warm_start import parent_trials

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SEEDS = 2**31
"""RandomSeed is below this; a job without one draws its own."""


class TuningEngine:
    """Runs tuning jobs and training jobs, and finds again what an earlier engine has left on the same folder.

    Whatever it does is in the record first. If the process dies, training programs go on under their supervisors; the
    next engine follows them, and runs again what was lost. `close` leaves no training program behind: it ends them,
    and the next engine runs them again.

    Args:
        home: The state folder; made where it is missing.
        s3: The client for channels and artifacts.
        region: The region in ARNs.
        account: The account in ARNs.
        settings: Times and limits.
        notes_state_changes: Whether state changes are kept for somebody who tells them to others.

    Raises:
        EngineInUseError: Another engine works on the folder.
        DamagedRecordError: The record cannot be read.
    """

    def __init__(
        self,
        home: Home,
        s3: S3Client,
        *,
        region: str = DEFAULT_REGION,
        account: str = ACCOUNT,
        settings: EngineSettings | None = None,
        notes_state_changes: bool = False,
    ) -> None:
        self.home = home.create()
        self._lock = FolderLock(home.engine_lock)
        try:
            self.store = Store(home.engine_db)
        except BaseException:
            self._lock.release()
            raise
        self.store.notes_state_changes = notes_state_changes
        self.region = region
        self.account = account
        self.settings = EngineSettings() if settings is None else settings
        self._closing = threading.Event()
        self.s3 = s3
        self._launcher = Launcher()
        self._launcher.prepare()
        self._context = RunContext(
            home, self.store, s3, region, self.settings, self._closing, self._launcher, self._changed
        )
        self._threads_lock = threading.RLock()
        """Held from a job's place in the record to its thread's start, so that no job gets a second thread."""
        self._tuners: dict[str, Tuner] = {}
        self._runs: dict[str, TrainingRun] = {}
        self._start_again()
        self._keeper = Keeper(home, self.store, self._start_again, self._closing)
        self._keeper.start()

    # -- tuning jobs

    def create_tuning_job(self, request: Request, tags: Mapping[str, str]) -> TuningJob:
        """Record a tuning job and start it.

        Args:
            request: The CreateHyperParameterTuningJob request, checked, without tags.
            tags: The tags of the tuning job and of its training jobs.

        Raises:
            NameInUseError: The name is taken, ignoring case.
        """
        name = request["HyperParameterTuningJobName"]
        now = time.time()
        seed = request["HyperParameterTuningJobConfig"].get("RandomSeed")
        job = TuningJob(
            name=name,
            arn=tuning_job_arn(name, region=self.region, account=self.account),
            request=request,
            seed=secrets.randbelow(SEEDS) if seed is None else seed,
            status="InProgress",
            created=now,
            modified=now,
            parents=parent_trials(self.store, request),
        )
        with self._threads_lock:
            self.store.add_tuning_job(job, tags)
            self._start_tuner(name)
        for definition in job.definitions:
            self._prepare(definition.request)
        return job

    def stop_tuning_job(self, name: str) -> None:
        """Stop a tuning job and its running training jobs; one that is stopping already goes on to do so.

        Raises:
            NoSuchJobError: There is none of that name.
            WrongStatusError: It has ended.
        """
        job = self.store.tuning_job(name)
        if job.status in TERMINAL:
            raise WrongStatusError(job.status)
        self.store.decide_ending(job.name, status="Stopping", ending="Stopped")
        self._wake_tuner(job.name)

    def delete_tuning_job(self, name: str) -> None:
        """Remove a tuning job's entry; training jobs and artifacts stay.

        Raises:
            NoSuchJobError: There is none of that name.
            WrongStatusError: It has not ended.
        """
        job = self.store.tuning_job(name)
        if job.status not in TERMINAL:
            raise WrongStatusError(job.status)
        self.store.delete_tuning_job(job.name)

    # -- training jobs

    def create_training_job(self, request: Request, tags: Mapping[str, str]) -> TrainingJob:
        """Record a training job of its own and start it.

        Args:
            request: The CreateTrainingJob request, checked, without tags.
            tags: Its tags.

        Raises:
            NameInUseError: The name is taken, ignoring case.
        """
        return self._add_training_job(request, tags)

    def launch(self, job: TuningJob, number: int, definition: Definition, configuration: dict[str, str]) -> None:
        """Record a tuning job's next training job and start it."""
        tags = self.store.tags(job.arn)
        while True:
            name = training_job_name(job.name, number)
            try:
                self._add_training_job(
                    training_request(definition, name, configuration),
                    tags,
                    of=job,
                    number=number,
                    definition=definition.name,
                    tuned=configuration,
                )
            except NameInUseError:
                continue  # 32 random bits met an older job's
            return

    def stop_training_job(self, name: str, *, reason: str = "by request") -> None:
        """Stop a training job: SIGTERM, the grace period, SIGKILL; artifacts are kept. A stopping one goes on to.

        Raises:
            NoSuchJobError: There is none of that name.
            WrongStatusError: It has ended.
        """
        job = self.store.training_job(name)
        if job.status in TERMINAL:
            raise WrongStatusError(job.status)
        self.store.update_training_job(
            job.name,
            message="Stopping the training job",
            status="Stopping",
            secondary_status="Stopping",
            stop_reason=reason,
        )

    def delete_training_job(self, name: str) -> None:
        """Remove a training job's entry and its folder; artifacts stay.

        Raises:
            NoSuchJobError: There is none of that name.
            WrongStatusError: It has not ended, or its tuning job has not.
        """
        job = self.store.training_job(name)
        if job.status not in TERMINAL:
            raise WrongStatusError(job.status)
        if job.tuning_job is not None and self.store.tuning_job(job.tuning_job).status not in TERMINAL:
            raise WrongStatusError(f"{job.status}, but its tuning job is not")
        self.store.delete_training_job(job.name)
        shutil.rmtree(self.home.training_jobs / job.name, ignore_errors=True)

    def close(self) -> None:
        """End all training programs and let go of the folder. What was interrupted runs again at the next start."""
        self._closing.set()
        self._keeper.close()
        with self._threads_lock:
            runs, tuners = list(self._runs.values()), list(self._tuners.values())
        threads: list[TrainingRun | Tuner] = [*runs, *tuners]
        for tuner in tuners:
            tuner.wake()
        patience = time.monotonic() + self.settings.close_grace + 10.0
        for thread in threads:
            thread.join(max(0.1, patience - time.monotonic()))
        self._launcher.close()
        self.store.close()
        self._lock.release()

    # -- threads

    def _prepare(self, request: Request) -> None:
        """Let what the image's program imports be imported while the first configuration is chosen."""
        with contextlib.suppress(NoLocalImageError, ValueError):
            image = find_image(self.home, image_name(request["AlgorithmSpecification"]))
            self._launcher.prepare(image.preload)

    def _start_again(self) -> None:
        """Start a thread for each job that has not ended and has none."""
        with self._threads_lock:
            for training_job in self.store.unfinished_training_jobs():
                if not _is_alive(self._runs.get(training_job.name)):
                    self._start_run(training_job.name)
            for job in self.store.tuning_jobs():
                if job.status not in TERMINAL and not _is_alive(self._tuners.get(job.name)):
                    self._start_tuner(job.name)

    def _add_training_job(
        self,
        request: Request,
        tags: Mapping[str, str],
        *,
        of: TuningJob | None = None,
        number: int | None = None,
        definition: str | None = None,
        tuned: dict[str, str] | None = None,
    ) -> TrainingJob:
        name = request["TrainingJobName"]
        now = time.time()
        job = TrainingJob(
            name=name,
            arn=training_job_arn(name, region=self.region, account=self.account),
            request_json=json.dumps(request, sort_keys=True),
            status="InProgress",
            secondary_status="Starting",
            created=now,
            modified=now,
            tuning_job=None if of is None else of.name,
            tuning_job_arn=None if of is None else of.arn,
            number=number,
            definition=definition,
            tuned={} if tuned is None else tuned,
            objective_status=None if of is None else "Pending",
        )
        with self._threads_lock:
            self.store.add_training_job(job, tags, "Starting the training job")
            self._start_run(name)
        return job

    def _start_run(self, name: str) -> None:
        run = self._runs[name] = TrainingRun(self._context, name)
        run.start()

    def _start_tuner(self, name: str) -> None:
        tuner = self._tuners[name] = Tuner(self.store, self, name, self._closing)
        tuner.start()

    def _wake_tuner(self, name: str) -> None:
        with self._threads_lock:
            if name in self._tuners:
                self._tuners[name].wake()

    def _changed(self, job: TrainingJob) -> None:
        with self._threads_lock:
            if job.status in TERMINAL:
                self._runs.pop(job.name, None)
            if job.tuning_job is not None:
                self._wake_tuner(job.tuning_job)


def _is_alive(thread: threading.Thread | None) -> bool:
    return thread is not None and thread.is_alive()
