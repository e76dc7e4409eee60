"""The local AWS's SageMaker behind its endpoint, in the test's own thread: it moves only when told to.

The endpoint's dispatcher, the service, the engine with its schedulers and its record are the real ones. Replaced are
HTTP, the threads, and the training programs: a training job ends when and how the test says.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast
from unittest.mock import patch

import infra.local.engine.engine as engine_module
from infra.local.endpoint.server import Dispatcher
from infra.local.endpoint.service import ServiceError
from infra.local.engine import TuningEngine
from infra.local.engine.records import TERMINAL, MetricValue, TuningJob
from infra.local.engine.training.run import TrainingRun
from infra.local.engine.tuner import Tuner
from infra.local.home import Home
from infra.local.sagemaker import SageMakerService
from tests.support.fake_aws import Refusal

# Each change of the record is synced to the disk: hundreds of schedules are for a disk in memory, where there is one.
_MEMORY = Path("/dev/shm")
EMPTY = "empty"
"""The bucket that has no object; every prefix of every other one has one."""

Ending = Literal["Completed", "Failed"]


class SteppedTuner(Tuner):
    """A tuning job's scheduler without its thread."""

    def start(self) -> None:
        """Nothing runs by itself."""

    def join(self, timeout: float | None = None) -> None:
        """There is no thread to wait for."""

    def step(self) -> None:
        """Do what the thread would do until it waits for something."""
        self._wake.set()
        while self._wake.is_set():
            self._wake.clear()
            if self._step():
                return


class PlayedRun(TrainingRun):
    """A training job without a program."""

    def start(self) -> None:
        """Nothing runs by itself."""

    def join(self, timeout: float | None = None) -> None:
        """There is no thread to wait for."""

    def end(self, status: Ending) -> None:
        """The program ends; one that was asked to stop has stopped."""
        job = self._job
        if job.status == "Stopping":
            self._end("Stopped", "Stopped", job.stop_reason)
        else:
            metric = job.request["HyperParameters"]["_tuning_objective_metric"]
            self._store.add_metric_values(job.name, job.attempt, [MetricValue(metric, 0.5, 0, 0.0)])
            self._end(status, status, "AlgorithmError: played" if status == "Failed" else None)
        self._context.changed(self._job)


class _NoPrograms:
    def prepare(self, modules: tuple[str, ...] = ()) -> None:
        """No server is needed."""

    def close(self) -> None:
        """Nothing was started."""


class _Prefixes:
    """As much of S3 as the service asks for when it checks a request."""

    def get_paginator(self, _: str) -> Any:
        def paginate(*, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - as in boto3
            yield {} if Bucket == EMPTY else {"Contents": [{"Key": f"{Prefix}x", "Size": 1, "ETag": '"0"'}]}

        return SimpleNamespace(paginate=paginate)


class _Mounted:
    """The service of the moment, as the dispatcher, which takes long to make, knows it."""

    name = "sagemaker"
    operations = SageMakerService.operations
    service: SageMakerService

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return self.service.call(operation, request)

    def close(self) -> None:
        pass


@cache
def _mounted() -> tuple[_Mounted, Dispatcher]:
    mounted = _Mounted()
    return mounted, Dispatcher([mounted])


class SteppedSageMaker:
    """The endpoint on a state folder; made by :func:`stepped_sagemaker`."""

    def __init__(self, folder: Path) -> None:
        self._home = Home(folder)
        self._mounted, self._dispatcher = _mounted()
        self._start()

    def _start(self) -> None:
        s3 = cast("Any", _Prefixes())
        self._service = self._mounted.service = SageMakerService(self._home, s3=s3, region="eu-west-1")

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """The endpoint's answer to a request.

        Raises:
            Refusal: what the endpoint or the service refuses.
        """
        try:
            body, _ = self._dispatcher.call(f"SageMaker.{operation}", json.dumps(request).encode())
        except ServiceError as error:
            raise Refusal(error.code, error.message, int(error.status)) from None
        answer: dict[str, Any] = json.loads(body)
        return answer

    def close(self) -> None:
        """Let go of the folder."""
        self._service.close()

    def restart(self) -> None:
        """The engine ends in the middle of everything, and a new one finds its record."""
        self.close()
        self._start()

    @property
    def _engine(self) -> TuningEngine:
        return self._service._engine

    def jobs(self) -> list[TuningJob]:
        """All tuning jobs."""
        return self._engine.store.tuning_jobs()

    def tags(self, job: TuningJob) -> dict[str, str]:
        """A tuning job's tags."""
        return self._engine.store.tags(job.arn)

    def step(self, job: TuningJob) -> None:
        """A tuning job's scheduler looks at its record: starts training jobs, or asks them to stop."""
        tuner = self._engine._tuners[job.name]
        assert isinstance(tuner, SteppedTuner)
        tuner.step()

    def stop_programs(self, job: TuningJob) -> None:
        """The programs of training jobs that were asked to stop have ended."""
        self._end_runs(job, "Stopping", "Completed")
        self.step(job)

    def finish(self, job: TuningJob, status: Ending) -> None:
        """All training jobs end like this, until the tuning job does."""
        while self._engine.store.tuning_job(job.name).status not in TERMINAL:
            self.step(job)
            self._end_runs(job, "InProgress", status)
            self.step(job)

    def _end_runs(self, job: TuningJob, having: str, status: Ending) -> None:
        for training_job in self._engine.store.training_jobs(job.name):
            if training_job.status == having:
                run = self._engine._runs[training_job.name]
                assert isinstance(run, PlayedRun)
                run.end(status)


@contextmanager
def stepped_sagemaker() -> Iterator[SteppedSageMaker]:
    """An endpoint on a new state folder."""
    parent = str(_MEMORY) if _MEMORY.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="tuning-", dir=parent))
    replaced = patch.multiple(engine_module, Launcher=_NoPrograms, Tuner=SteppedTuner, TrainingRun=PlayedRun)
    try:
        with replaced:
            endpoint = SteppedSageMaker(folder)
            try:
                yield endpoint
            finally:
                endpoint.close()
    finally:
        shutil.rmtree(folder)
