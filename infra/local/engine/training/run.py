"""One training job from its record to its end: channels, program, log, artifacts."""

from __future__ import annotations

import logging
import math
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.engine.errors import EngineError, NoRoomError
from infra.local.engine.names import OBJECTIVE_HYPERPARAMETER
from infra.local.engine.records import TrainingJob
from infra.local.engine.settings import EngineSettings
from infra.local.engine.store import Store
from infra.local.home import Home
from infra.local.record import ClosedError, RecordError, RecordReadError, RecordWriteError

from .artifacts import upload_artifacts
from .channels import ChannelError, copy_channel
from .checkpoints import Checkpoints
from .container import Container
from .failure import failure_reason
from .file_systems import FileSystemError, file_system_of, link_channel
from .images import LocalImage, NoLocalImageError, image_name, image_to_run, metric_definitions
from .launcher import Launcher
from .local_objects import LocalObjects, keeps_channels
from .metrics import LogReader, MetricMatcher
from .pipes import SPOOL, prepare_pipe, write_pipes
from .processes import Exit, SupervisedProgram
from .specification import Share, specification
from .supervisor import is_full_disk

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_logger = logging.getLogger(__name__)

_BEFORE_LAUNCH = frozenset({"Starting", "Downloading", "Restarting"})


@dataclass(frozen=True)
class RunContext:
    """What every run of an engine shares."""

    home: Home
    store: Store
    s3: S3Client
    region: str
    settings: EngineSettings
    closing: threading.Event
    launcher: Launcher
    changed: Callable[[TrainingJob], None]
    """Called when a job has a new objective value or has ended."""


class _StopRequestedError(Exception):
    """The job is to stop before its program was started."""


class TrainingRun(threading.Thread):
    """The thread of one training job. Whatever it does is recorded first, so that another run can take over.

    Args:
        context: What all runs share.
        name: The training job, recorded already.
    """

    def __init__(self, context: RunContext, name: str) -> None:
        super().__init__(name=f"training-{name}", daemon=True)
        self._context = context
        self._store = context.store
        self._job_name = name
        self._folder = context.home.training_jobs / name
        self._container = Container(self._folder)
        self._checkpoints: Checkpoints | None = None

    def run(self) -> None:
        """Bring the job to its end, from wherever the record says it is."""
        try:
            self._bring_to_its_end()
            self._context.changed(self._job)
        except ClosedError:
            return
        except (NoRoomError, RecordReadError, RecordWriteError) as error:
            _logger.warning("training job %s waits until there is room: %s", self._job_name, error)
            if self._checkpoints is not None:
                self._checkpoints.leave()
            self._store.failed.set()
        except (EngineError, RecordError):
            _logger.exception("training job %s waits for the next start", self._job_name)

    def _bring_to_its_end(self) -> None:
        try:
            self._run()
        except (EngineError, RecordError):
            raise
        except (ChannelError, FileSystemError, NoLocalImageError) as error:
            self._end("Failed", "Failed", str(error))
        except Exception as error:
            if isinstance(error, OSError) and is_full_disk(error):
                raise NoRoomError(str(error)) from error
            _logger.exception("training job %s", self._job_name)
            self._end("Failed", "Failed", f"InternalServerError: {type(error).__name__}: {error}")

    @property
    def _job(self) -> TrainingJob:
        return self._store.training_job(self._job_name)

    def _run(self) -> None:
        try:
            program = self._program_of(self._job)
            while True:
                ended = self._follow(program, self._checkpoints or self._new_checkpoints(self._job))
                if ended is not None or self._job.status == "Stopping":
                    break
                if not self._begin_again(program):
                    return
                program = self._launch()
        except _StopRequestedError:
            ended = None
        self._finish(ended)

    def _program_of(self, job: TrainingJob) -> SupervisedProgram:
        """The program that an earlier run has started, or a new one."""
        program = SupervisedProgram(self._folder, job.attempt)
        if job.status == "Stopping" and not program.was_started:
            raise _StopRequestedError
        return self._launch() if job.secondary_status in _BEFORE_LAUNCH else program

    # -- launch

    def _launch(self) -> SupervisedProgram:
        job = self._job
        image = image_to_run(self._context.home, image_name(job.request["AlgorithmSpecification"]))
        self._container.create(job.request)
        self._note_instances(job)
        self._checkpoints = self._new_checkpoints(job)
        self._download(job, self._checkpoints, image)
        if image.container is not None:
            self._container.open_to_all()
        share = Share(self._threads(job), _seconds_left(job), self._context.settings.stop_grace)
        spec = specification(self._context.home, job, image, share, region=self._context.region)
        started = job.started if job.started is not None else time.time()
        self._progress("Training", "Training image is running", started=started)
        program = SupervisedProgram(self._folder, job.attempt)
        try:
            program.start(spec, lambda folder: self._context.launcher.start(folder, image.preload))
        except OSError as error:
            if is_full_disk(error):
                self._store.mark_interrupted(job.name)  # it was not the program that was lost
            raise
        return program

    def _new_checkpoints(self, job: TrainingJob) -> Checkpoints:
        interval = self._context.settings.checkpoints
        return Checkpoints(self._context.s3, job, self._container.ml, interval=interval)

    def _note_instances(self, job: TrainingJob) -> None:
        count = job.request.get("ResourceConfig", {}).get("InstanceCount", 1)
        if count > 1:
            with (self._folder / "log").open("a") as log:
                log.write(f"The request asks for {count} instances: this machine trains in one process\n")

    def _download(self, job: TrainingJob, checkpoints: Checkpoints, image: LocalImage) -> None:
        channels = job.request.get("InputDataConfig", [])
        if channels:
            self._progress("Downloading", "Downloading input data")
        mode = job.request["AlgorithmSpecification"]["TrainingInputMode"]
        s3, data, pipes = self._context.s3, self._container.data, []
        for channel in channels:
            name = channel["ChannelName"]
            try:
                if file_system_of(channel) is not None:
                    link_channel(self._context.home, channel, data / name)
                elif channel.get("InputMode", mode) == "Pipe":
                    pipes.append(prepare_pipe(s3, channel, self._folder, data, proceed=self._proceed))
                elif channel.get("InputMode", mode) == "FastFile" and keeps_channels(image):
                    link = LocalObjects(self._context.home).link
                    copy_channel(s3, channel, data / name, proceed=self._proceed, link=link)
                else:
                    copy_channel(s3, channel, data / name, proceed=self._proceed)
            except (BotoCoreError, ClientError, OSError) as error:
                raise ChannelError(f"ClientError: Data download failed: {error}, channel {name}") from error

        write_pipes(self._folder, pipes)
        try:
            checkpoints.restore()
        except (BotoCoreError, ClientError, OSError) as error:
            raise ChannelError(f"ClientError: the checkpoints cannot be restored: {error}") from error

    def _proceed(self) -> None:
        if self._context.closing.is_set():
            raise ClosedError("the engine closes")
        if self._job.status == "Stopping":
            raise _StopRequestedError

    def _progress(self, secondary_status: str, message: str, **changes: Any) -> None:
        self._proceed()
        if not self._store.update_training_job(
            self._job_name, message=message, secondary_status=secondary_status, **changes
        ):
            raise _StopRequestedError

    def _threads(self, job: TrainingJob) -> int:
        """The job's share of the cores, so that parallel ones do not slow each other."""
        slots = 1
        if job.tuning_job is not None:
            slots = self._store.tuning_job(job.tuning_job).config["ResourceLimits"]["MaxParallelTrainingJobs"]
        return max(1, self._context.settings.cores // slots)

    def _begin_again(self, program: SupervisedProgram) -> bool:
        """The program was lost, or ended by us: the next attempt. False where it was lost too often."""
        job = self._job
        program.kill_remains()
        ended_by_us = job.interrupted or program.exit() is not None
        lost = job.lost if ended_by_us else job.lost + 1
        if lost > self._most_retries(job):
            reason = f"InternalServerError: the training program was lost {lost} times; see {self._folder / 'log'}"
            self._end("Failed", "Failed", reason)
            return False
        log = self._folder / "log"
        if log.exists():
            log.rename(self._folder / f"log.{job.attempt}")
        self._progress(
            "Restarting", "Restarting the training job", attempt=job.attempt + 1, lost=lost, interrupted=False
        )
        return True

    def _most_retries(self, job: TrainingJob) -> int:
        retries: int = job.request.get("RetryStrategy", {}).get("MaximumRetryAttempts", self._context.settings.max_lost)
        return retries

    # -- follow

    def _follow(self, program: SupervisedProgram, checkpoints: Checkpoints) -> Exit | None:
        """Read the log until the program has ended. None if it was lost, or is to be run again."""
        definitions = metric_definitions(self._context.home, self._job.request["AlgorithmSpecification"])
        reader = LogReader(self._folder / "log", MetricMatcher(definitions))
        stopper = _Stopper(program, self._context.settings)
        checkpoints.start()
        while True:
            job = self._job
            closing = self._context.closing.is_set()
            if closing and not job.interrupted:
                self._store.mark_interrupted(job.name)
            stopper.look(stop=job.status == "Stopping", close=closing or job.interrupted)
            alive = program.is_alive()  # before the look at exit.json, which is written while alive
            ended = program.exit()
            done = ended is not None or not alive
            self._take(reader, job.attempt, final=done)
            if done:
                program.reap()
                checkpoints.finish()
                break
            program.wait(self._context.settings.poll)
        if self._context.closing.is_set():
            raise ClosedError("the engine closes")
        if ended is not None and ended.terminated and self._job.status != "Stopping":
            return None  # nobody wanted the job to stop: the local AWS went down
        return ended

    def _take(self, reader: LogReader, attempt: int, *, final: bool) -> None:
        if values := reader.read(final=final):
            self._store.add_metric_values(self._job_name, attempt, values)
            job = self._job
            if any(v.name == _objective_metric(job) for v in values):
                self._context.changed(job)

    # -- finish

    def _finish(self, ended: Exit | None) -> None:
        job = self._job
        failed = job.status != "Stopping" and (ended is None or not (ended.timed_out or ended.code == 0))
        if ended is not None and ended.code is not None:
            self._store.update_training_job(
                job.name, message="Uploading generated training model", secondary_status="Uploading"
            )
            try:
                upload_artifacts(self._context.s3, job.request, self._container.ml, with_model=not failed)
            except (BotoCoreError, ClientError, OSError) as error:
                if isinstance(error, OSError) and is_full_disk(error):
                    raise
                self._end("Failed", "Failed", f"ClientError: Artifact upload failed: {error}")
                return
        if self._job.status == "Stopping":  # asked to stop, perhaps while uploading
            self._end("Stopped", "Stopped", job.stop_reason)
        elif failed:
            self._end("Failed", "Failed", failure_reason(ended, self._container, self._folder / "log"))
        elif ended is not None and ended.timed_out:
            waited = _wait_left(job, ended.ended) <= 0
            self._end("Stopped", "MaxWaitTimeExceeded" if waited else "MaxRuntimeExceeded", None)
        else:
            self._end("Completed", "Completed", None)

    def _end(self, status: str, secondary_status: str, reason: str | None) -> None:
        job = self._job
        metric = _objective_metric(job)
        value = None
        if metric is not None and status != "Failed":
            values = self._store.metric_values(job.name, metric)
            if values and math.isfinite(values[-1].value):
                value = values[-1].value
        objective_status = None if metric is None else ("Failed" if value is None else "Succeeded")
        message = {
            "Completed": "Training job completed",
            "Stopped": f"Training job stopped{f': {reason}' if reason else ''}",
            "Failed": reason,
        }[status]
        self._store.end_training_job(
            job.name,
            message=message or "Training job failed",
            ended=time.time(),  # after the upload, as the service has it
            status=status,
            secondary_status=secondary_status,
            failure_reason=reason if status == "Failed" else None,
            objective_value=value,
            objective_status=objective_status,
        )
        for copy in (self._container.data, self._folder / SPOOL):  # of what is in S3
            shutil.rmtree(copy, ignore_errors=True)


class _Stopper:
    """Signals a program as the record asks: SIGTERM once to stop it, once more to kill it when the engine closes."""

    def __init__(self, program: SupervisedProgram, settings: EngineSettings) -> None:
        self._program = program
        self._settings = settings
        self._asked = False
        self._kill_at: float | None = None

    def look(self, *, stop: bool, close: bool) -> None:
        if (stop or close) and not self._asked:
            self._asked = self._program.terminate()
        if close and self._asked:
            now = time.monotonic()
            if self._kill_at is None:
                self._kill_at = now + self._settings.close_grace
            elif now >= self._kill_at:
                self._program.terminate()


def _objective_metric(job: TrainingJob) -> str | None:
    if job.tuning_job_arn is None:
        return None
    metric: str = job.request["HyperParameters"][OBJECTIVE_HYPERPARAMETER]
    return metric


def _seconds_left(job: TrainingJob) -> float | None:
    """How long the program may run: what is left of the waiting time may be less than the run time."""
    runtime = job.request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", math.inf)
    seconds = max(0.0, min(runtime, _wait_left(job, time.time())))
    return None if math.isinf(seconds) else seconds


def _wait_left(job: TrainingJob, now: float) -> float:
    """What is left at that time of MaxWaitTimeInSeconds, which counts from the job's creation."""
    limit: float = job.request.get("StoppingCondition", {}).get("MaxWaitTimeInSeconds", math.inf)
    return job.created + limit - now
