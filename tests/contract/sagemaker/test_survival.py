"""Engines and programs are killed; nothing is lost, nothing runs twice."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from infra.local.endpoint.service import ServiceError
from infra.local.engine import EngineInUseError, TuningEngine
from infra.local.engine.training import supervisor
from infra.local.engine.training.processes import end_training_programs
from infra.local.home import Home
from infra.local.sagemaker import SageMakerService

from . import driver
from .conftest import SETTINGS, Api, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SUMMARIES = "HyperParameterTuningJobSummaries"

# The program begins, then waits until the test lets it go on.
GATED = """
import json, os, pathlib, time
ml = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
gate = pathlib.Path({gate!r})
print("begin", flush=True)
print("loss=5", flush=True)
while not gate.exists():
    time.sleep(0.02)
rate = json.loads((ml / "input/config/hyperparameters.json").read_text())["rate"]
print("loss=" + rate)
"""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


@contextmanager
def engine_process(home: Home, s3: S3Client) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": s3.meta.endpoint_url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }
    with subprocess.Popen(
        [sys.executable, driver.__file__, str(home.path)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@contextmanager
def service_on(home: Home, s3: S3Client, folder: Path, bucket: str) -> Iterator[Api]:
    service = SageMakerService(home, s3=s3, region="us-east-1", settings=SETTINGS)
    try:
        yield Api(service, home, folder, bucket)
    finally:
        service.close()


@pytest.fixture
def start(home: Home, s3: S3Client, tmp_path: Path, bucket: str) -> Callable[[], Any]:
    return lambda: service_on(home, s3, tmp_path, bucket)


def begun(home: Home, jobs: int = 1) -> list[Path]:
    logs = [log for log in home.training_jobs.glob("*/log") if "loss=5" in log.read_text()]
    return sorted(log.parent for log in logs) if len(logs) >= jobs else []


def processes_of(folder: Path) -> dict[str, Any]:
    processes: dict[str, Any] = json.loads((folder / "supervisor.json").read_text())
    return processes


def gated_request(api: Api, gate: Path, **config: Any) -> dict[str, Any]:
    """A tuning job's request whose programs wait at the gate."""
    api.image(GATED.format(gate=str(gate)))
    return api.tuning_request(**config)


def begin_and_kill_engine(start: Callable[[], Any], home: Home, s3: S3Client, gate: Path, *, jobs: int) -> Path:
    """Kill an engine whose first training job waits at the gate; that job's folder."""
    limits = {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 1}
    with start() as api:  # the record is made here; whatever has begun is interrupted and begins again
        api("CreateHyperParameterTuningJob", **gated_request(api, gate, ResourceLimits=limits))
    with engine_process(home, s3) as process:
        # Not the log of the interrupted attempt, but one of a program that runs.
        api.until(lambda: any(psutil.pid_exists(processes_of(folder)["program"]) for folder in begun(home)))
        (folder,) = begun(home)
        process.kill()
        process.wait()
    return folder


def test_killed_engine_finds_its_training_jobs_again(
    start: Callable[[], Any], home: Home, s3: S3Client, gate: Path
) -> None:
    folder = begin_and_kill_engine(start, home, s3, gate, jobs=3)
    pid = processes_of(folder)["program"]
    assert psutil.pid_exists(pid)
    attempt = processes_of(folder)["attempt"]
    with start() as api:
        gate.touch()
        done = api.wait()
        jobs = api.training_jobs()
    assert done["TrainingJobStatusCounters"]["Completed"] == 3
    assert [j["TrainingJobName"][:7] for j in jobs] == ["job-001", "job-002", "job-003"]
    assert jobs[0]["TrainingJobName"] == folder.name
    assert processes_of(folder)["attempt"] == attempt  # the same run, not another
    for job in jobs:
        value = job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        assert value == float(job["TunedHyperParameters"]["rate"])


def test_a_program_that_ended_while_no_engine_ran_counts(
    start: Callable[[], Any], home: Home, s3: S3Client, gate: Path
) -> None:
    folder = begin_and_kill_engine(start, home, s3, gate, jobs=1)
    gate.touch()
    attempt = processes_of(folder)["attempt"]
    exit_file = folder / "exit.json"
    wait_until(lambda: exit_file.exists() and json.loads(exit_file.read_text())["attempt"] == attempt)
    with start() as api:
        done = api.wait()
    assert done["BestTrainingJob"]["TrainingJobName"] == folder.name
    assert processes_of(folder)["attempt"] == attempt


@pytest.mark.parametrize("which", ["supervisor and program", "supervisor"])
def test_a_lost_program_is_run_again(start: Callable[[], Any], home: Home, gate: Path, which: str) -> None:
    limits = {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}
    with start() as api:
        api("CreateHyperParameterTuningJob", **gated_request(api, gate, ResourceLimits=limits))
        api.until(lambda: begun(home))
        (folder,) = begun(home)
        lost = processes_of(folder)
        os.kill(lost["pid"], signal.SIGKILL)
        if which == "supervisor and program":
            os.kill(lost["program"], signal.SIGKILL)
        api.until(lambda: processes_of(folder)["attempt"] == 2)
        api.until(lambda: not psutil.pid_exists(lost["program"]))
        gate.touch()
        done = api.wait()
        described = api("DescribeTrainingJob", TrainingJobName=folder.name)
    assert done["TrainingJobStatusCounters"]["Completed"] == 1
    statuses = [t["Status"] for t in described["SecondaryStatusTransitions"]]
    assert statuses == [
        "Starting",
        "Downloading",
        "Training",
        "Restarting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]


def kill_supervisor(api: Api, home: Home, attempt: int) -> None:
    api.until(lambda: any(processes_of(folder)["attempt"] == attempt for folder in begun(home)))
    (folder,) = begun(home)
    os.kill(processes_of(folder)["pid"], signal.SIGKILL)


def test_a_program_that_is_lost_again_and_again_fails(start: Callable[[], Any], home: Home, gate: Path) -> None:
    limits = {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}
    with start() as api:
        api("CreateHyperParameterTuningJob", **gated_request(api, gate, ResourceLimits=limits))
        for attempt in range(1, SETTINGS.max_lost + 2):
            kill_supervisor(api, home, attempt)
        done = api.wait()
        (job,) = api.training_jobs()
    assert job["FailureReason"].startswith("InternalServerError: the training program was lost 4 times; see ")
    assert done["HyperParameterTuningJobStatus"] == "Failed"


def test_a_killed_training_program_fails_alone(start: Callable[[], Any], home: Home, gate: Path) -> None:
    limits = {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 2}
    with start() as api:
        api("CreateHyperParameterTuningJob", **gated_request(api, gate, ResourceLimits=limits))
        api.until(lambda: begun(home, 2))
        victim = begun(home, 2)[0]
        os.kill(processes_of(victim)["program"], signal.SIGKILL)
        api.until(lambda: api.describe()["TrainingJobStatusCounters"]["NonRetryableError"] == 1)
        gate.touch()
        done = api.wait()
        killed = api("DescribeTrainingJob", TrainingJobName=victim.name)
    assert done["HyperParameterTuningJobStatus"] == "Completed"
    assert done["TrainingJobStatusCounters"]["Completed"] == 2
    assert killed["FailureReason"] == (
        'AlgorithmError: the training program was killed by SIGKILL; last line of its log: "loss=5", exit code: 137'
    )


def test_close_leaves_no_process_and_the_job_goes_on(
    start: Callable[[], Any], home: Home, s3: S3Client, gate: Path
) -> None:
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2}
    with start() as api:
        api("CreateHyperParameterTuningJob", **gated_request(api, gate, ResourceLimits=limits))
        api.until(lambda: begun(home, 2))
        folders = begun(home, 2)
        processes = [processes_of(folder) for folder in folders]
    for found in processes:
        assert not psutil.pid_exists(found["program"])
        assert not psutil.pid_exists(found["pid"])
    gate.touch()
    with start() as api:
        done = api.wait()
        names = [j["TrainingJobName"] for j in api.training_jobs()]
    assert names == [folder.name for folder in folders]
    assert done["TrainingJobStatusCounters"]["Completed"] == 2
    assert [processes_of(folder)["attempt"] for folder in folders] == [2, 2]


def test_programs_of_a_killed_engine_can_be_ended_without_one(
    start: Callable[[], Any], home: Home, s3: S3Client, gate: Path
) -> None:
    folder = begin_and_kill_engine(start, home, s3, gate, jobs=1)
    found = processes_of(folder)
    assert end_training_programs(home, grace=0.5) == 1
    assert end_training_programs(home) == 0
    wait_until(lambda: not psutil.pid_exists(found["pid"]) and not psutil.pid_exists(found["program"]))
    gate.touch()
    with start() as api:
        done = api.wait()
    assert done["TrainingJobStatusCounters"]["Completed"] == 1
    assert processes_of(folder)["attempt"] == found["attempt"] + 1


def test_a_search_that_was_interrupted_chooses_the_same(start: Callable[[], Any], gate: Path) -> None:
    limits = {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 1}
    with start() as api:
        request = gated_request(api, gate, ResourceLimits=limits, Strategy="Random")
        api("CreateHyperParameterTuningJob", **request)
        api.until(lambda: begun(api.home))
    gate.touch()
    with start() as api:
        api.wait()
        api("CreateHyperParameterTuningJob", **{**request, "HyperParameterTuningJobName": "again"})
        api.wait("again")
        chosen = [[j["TunedHyperParameters"] for j in api.training_jobs(name)] for name in ("job", "again")]
    assert chosen[0] == chosen[1]


def test_finished_jobs_are_there_after_a_restart(start: Callable[[], Any], gate: Path) -> None:
    gate.touch()
    with start() as api:
        api("CreateHyperParameterTuningJob", **gated_request(api, gate))
        before, jobs = api.wait(), api.training_jobs()
    with start() as api:
        assert api.describe() == before
        assert api.training_jobs() == jobs


def test_two_engines_on_one_folder(start: Callable[[], Any], home: Home, s3: S3Client) -> None:
    with start(), pytest.raises(EngineInUseError, match=r"uses the state folder .*; stop it with `tuning local down`"):
        TuningEngine(home, s3)


def test_a_full_record_stops_a_search_that_goes_on_once_there_is_room(
    start: Callable[[], Any], gate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    limits = {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 1}
    with start() as api:
        api("CreateHyperParameterTuningJob", **gated_request(api, gate, ResourceLimits=limits))
        api.until(lambda: begun(api.home))
        record = api.service._engine.store._record
        with record.transaction() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages}")
        large = api.tuning_request("large")
        large["TrainingJobDefinition"]["StaticHyperParameters"] = {f"layers-{n}": "2" * 2500 for n in range(9)}
        with pytest.raises(ServiceError) as caught:
            api("CreateHyperParameterTuningJob", **large)
        gate.touch()
        api.until(lambda: "jobs wait until there is room" in caplog.text)
        with record.lock:
            record._db.execute(f"PRAGMA max_page_count = {10 * pages}")
        done, jobs = api.wait(), api.training_jobs()
        names = [job["HyperParameterTuningJobName"] for job in api("ListHyperParameterTuningJobs")[SUMMARIES]]
    assert (caught.value.code, caught.value.status) == ("InternalFailure", 500)
    assert caught.value.message == (
        "the engine's record cannot be written (database or disk is full); make room on the disk: its jobs then go on "
        "where they were"
    )
    assert names == ["job"]
    assert done["TrainingJobStatusCounters"]["Completed"] == 6
    assert len({str(job["TunedHyperParameters"]) for job in jobs}) == 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with little more room than a channel wants beside it."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(place)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this user cannot mount a file system")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Leave no room; the file that takes it."""
    filler = disk / "filler"
    for block in (1 << 20, 1 << 12):
        with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(block))
    return filler


def test_a_search_goes_on_by_itself_after_the_disk_was_full(
    small_disk: Path, s3: S3Client, bucket: str, tmp_path: Path, gate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # GIVEN a program that runs, and no room to say how it ends
    limits = {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 2}
    home = Home(small_disk / "home").create()
    with service_on(home, s3, tmp_path, bucket) as api:
        api("CreateHyperParameterTuningJob", **gated_request(api, gate, ResourceLimits=limits))
        api.until(lambda: begun(home, 2))
        folders = begun(home, 2)
        filler = fill(small_disk)

        # WHEN the programs end, and somebody makes room later on
        gate.touch()
        api.until(lambda: not any(psutil.pid_exists(processes_of(folder)["program"]) for folder in folders))
        time.sleep(1)
        waiting = [job["TrainingJobStatus"] for job in api.training_jobs()]
        filler.unlink()

        # THEN nothing was lost, and nothing ran twice
        done, jobs = api.wait(), api.training_jobs()
    assert waiting == ["InProgress"] * 2
    assert done["TrainingJobStatusCounters"]["Completed"] == len(jobs) == 6
    assert len({str(job["TunedHyperParameters"]) for job in jobs}) == 6
    assert all("FinalHyperParameterTuningJobObjectiveMetric" in job for job in jobs)
    assert list(home.training_jobs.glob("*/log.*")) == []  # every first attempt was the last


def test_a_job_that_finds_no_room_at_its_start_waits(
    start: Callable[[], Any], gate: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = True
    write = supervisor.write_json

    def write_json(path: Path, content: dict[str, Any], *, durable: bool = False) -> None:
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write(path, content, durable=durable)

    monkeypatch.setattr(supervisor, "write_json", write_json)
    gate.touch()
    limits = {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1}
    with start() as api:
        api("CreateHyperParameterTuningJob", **gated_request(api, gate, ResourceLimits=limits))
        api.until(lambda: caplog.text.count("waits until there is room") > SETTINGS.max_lost + 1)
        full = False
        done = api.wait()
    assert done["TrainingJobStatusCounters"]["Completed"] == 2


def test_no_endpoint_no_service(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    with pytest.raises(ValueError, match="s3 must be given, or AWS_ENDPOINT_URL set"):
        SageMakerService(home)
