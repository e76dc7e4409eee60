"""Training images as containers, of an engine that is played and of a real one where one answers."""

from __future__ import annotations

import io
import os
import signal
import tarfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import psutil
import pytest
from docker.models.containers import Container

from infra.local.containers.connection import ContainerEngineError, connect, engine_address
from infra.local.engine.training.images import register_container
from infra.local.engine.training.processes import end_training_programs
from infra.local.home import Home
from tests.support.docker_engine import docker_engine

from .conftest import DOCKER_HOST, Api, wait_until
from .test_survival import engine_process, processes_of, service_on
from .test_training_jobs import archive, create, wait

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUSYBOX = Path("/bin/busybox")
TOOLS = ("sh", "cat", "env", "sleep", "ls", "id")

TRAIN = """
echo "argument $# of $0"
cat $SAGEMAKER_BASE_DIR/input/config/hyperparameters.json $SM_CHANNEL_TRAIN/two.txt
echo "it is $TRAINING_JOB_NAME $MINE ${SECRET_OF_THIS_MACHINE-}"
echo "loss=0.25" >&2
echo weights > $SM_MODEL_DIR/weights
"""

GATED = """
echo "loss=5"
trap 'echo saved > $SM_MODEL_DIR/weights; exit 0' TERM
while ! [ -e $SAGEMAKER_BASE_DIR/checkpoints/gate ]; do sleep 0.1; done
echo "loss=1"
"""

DEAF = """
trap '' TERM
echo "loss=5"
while true; do sleep 0.1; done
"""

PIPES = """
for epoch in 0 1; do echo "read $(cat ${SM_CHANNEL_TRAIN}_$epoch)"; done
"""

FAIL = """
echo "going wrong"
exit 3
"""

FAILURE_FILE = """
echo "ClientError: rate must be positive, got -1" > $SM_OUTPUT_DIR/failure
exit 1
"""


@dataclass
class Engine:
    """What the tests need of an engine; they look at containers through docker-py alone."""

    add_image: Callable[[str, dict[str, str]], None]
    client: docker.DockerClient

    def image(self, script: str, *, program: str = "train") -> str:
        name = f"localhost/cdk-tuning-test-{uuid.uuid4().hex[:8]}:latest"  # the one tag that Podman 4 keeps on import
        self.add_image(name, {program: script})
        return name

    def containers(self, home: Home) -> list[Container]:
        """The containers of a state folder, running or not."""
        wanted: dict[str, str | list[str] | bool] = {"label": f"cdk-tuning.home={home.path}"}
        return self.client.containers.list(all=True, filters=wanted, ignore_removed=True)


@pytest.fixture(params=["played", "real"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    if request.param == "played":
        with docker_engine() as (address, played):
            monkeypatch.setenv("DOCKER_HOST", address)
            client = connect()
            yield Engine(played.add_image, client)
            client.close()
        return
    yield from real_engine(monkeypatch)


def real_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    if DOCKER_HOST is None:
        monkeypatch.delenv("DOCKER_HOST")
    else:
        monkeypatch.setenv("DOCKER_HOST", DOCKER_HOST)
    try:
        client = connect()
    except ContainerEngineError as error:
        pytest.skip(str(error))
    if not BUSYBOX.exists():
        pytest.skip(f"{BUSYBOX} is missing: there is nothing to make an image of")
    images: list[str] = []

    def add_image(name: str, programs: dict[str, str]) -> None:
        repository, _, tag = name.partition(":")
        client.api.import_image_from_data(root_file_system(programs), repository=repository, tag=tag)
        images.append(name)

    yield Engine(add_image, client)
    for name in images:
        client.images.remove(name, force=True)
    client.close()


def root_file_system(programs: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        tar.add(BUSYBOX, "bin/busybox")
        for tool in TOOLS:
            link = tarfile.TarInfo(f"bin/{tool}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for name, script in programs.items():
            content = f"#!/bin/sh\n{script}".encode()
            entry = tarfile.TarInfo(f"bin/{name}")
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def with_image(api: Api, image: str, **members: Any) -> dict[str, Any]:
    algorithm = {**api.definition()["AlgorithmSpecification"], "TrainingImage": image}
    return {"AlgorithmSpecification": algorithm, **members}


def log_of(home: Home) -> str:
    (log,) = home.training_jobs.glob("*/log")
    return log.read_text()


def test_a_container_trains(
    api: Api, engine: Engine, s3: S3Client, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THIS_MACHINE", "x")
    create(api, **with_image(api, engine.image(TRAIN), Environment={"MINE": "1"}))
    done = wait(api)
    assert done["TrainingJobStatus"] == "Completed", done
    (metric,) = done["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("loss", 0.25)
    assert archive(s3, api, "output/train-1/output/model.tar.gz") == {"weights": b"weights\n"}
    lines = log_of(home).splitlines()
    assert '  "layers": "2"' in lines
    assert "twoit is train-1 1 " in lines
    assert engine.containers(home) == []


def test_what_the_engine_is_asked_for(api: Api, engine: Engine, home: Home) -> None:
    create(api, **with_image(api, engine.image(GATED), EnableNetworkIsolation=True))
    api.until(lambda: "loss=5" in read(home))
    (container,) = engine.containers(home)
    config, host = container.attrs["Config"], container.attrs["HostConfig"]
    assert config["Cmd"] == ["train"]
    assert config["Hostname"] == "algo-1"
    assert config["Labels"]["cdk-tuning.training-job"] == "train-1"
    assert host["NetworkMode"] == "none"
    environment = dict(word.split("=", 1) for word in config["Env"])
    assert environment["SM_CHANNEL_TRAIN"] == "/opt/ml/input/data/train"
    assert environment.get("PATH") != os.environ["PATH"]
    gate(home).touch()
    assert wait(api)["TrainingJobStatus"] == "Completed"


def read(home: Home) -> str:
    logs = list(home.training_jobs.glob("*/log"))
    return logs[0].read_text() if logs else ""


def gate(home: Home, job: str = "train-1") -> Path:
    return home.training_jobs / job / "ml/checkpoints/gate"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            FAIL,
            "AlgorithmError: the training program ended without a failure file; last line of its log: "
            '"going wrong", exit code: 3',
        ),
        (FAILURE_FILE, "ClientError: rate must be positive, got -1"),
    ],
    ids=["exit code", "failure file"],
)
def test_a_container_fails(api: Api, engine: Engine, home: Home, script: str, reason: str) -> None:
    create(api, **with_image(api, engine.image(script)))
    assert wait(api)["FailureReason"] == reason
    assert engine.containers(home) == []


def test_an_image_without_the_program(api: Api, engine: Engine, home: Home) -> None:
    create(api, **with_image(api, engine.image(TRAIN, program="other")))
    reason = wait(api)["FailureReason"]
    assert reason.startswith("ClientError: the container could not be started: ")
    assert '"train": executable file not found in $PATH' in reason or "`train` not found in $PATH" in reason
    assert engine.containers(home) == []


@pytest.mark.parametrize(("script", "model"), [(GATED, {"weights": b"saved\n"}), (DEAF, {})], ids=["listens", "deaf"])
def test_a_container_is_stopped(
    api: Api, engine: Engine, s3: S3Client, home: Home, script: str, model: dict[str, bytes]
) -> None:
    create(api, **with_image(api, engine.image(script)))
    api.until(lambda: "loss=5" in read(home))
    api("StopTrainingJob", TrainingJobName="train-1")
    assert wait(api)["TrainingJobStatus"] == "Stopped"
    assert archive(s3, api, "output/train-1/output/model.tar.gz") == model
    assert engine.containers(home) == []


def test_pipes_reach_into_a_container(api: Api, engine: Engine, s3: S3Client, home: Home) -> None:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{api.bucket}/train/two"}
    channel = {"ChannelName": "train", "InputMode": "Pipe", "DataSource": {"S3DataSource": source}}
    create(api, **with_image(api, engine.image(PIPES), InputDataConfig=[channel]))
    assert wait(api)["TrainingJobStatus"] == "Completed"
    assert log_of(home).splitlines() == ["read two", "read two"]


def test_a_killed_engine_finds_its_container_again(
    engine: Engine, home: Home, s3: S3Client, tmp_path: Path, bucket: str
) -> None:
    with service_on(home, s3, tmp_path, bucket) as api:  # the record is made here; it begins again in the process
        request = with_image(api, engine.image(GATED))
        create(api, **request)
        api.until(lambda: "loss=5" in read(home))
    assert engine.containers(home) == []
    with engine_process(home, s3) as process:
        wait_until(lambda: processes_of(home.training_jobs / "train-1")["attempt"] == 2 and "loss=5" in read(home))
        (before,) = engine.containers(home)
        process.kill()
        process.wait()
    gate(home).touch()
    with service_on(home, s3, tmp_path, bucket) as api:
        assert wait(api)["TrainingJobStatus"] == "Completed"
    assert processes_of(home.training_jobs / "train-1")["attempt"] == 2
    assert engine.containers(home) == []
    with pytest.raises(docker.errors.NotFound):
        before.reload()


def test_the_container_of_a_lost_supervisor_goes_and_the_job_runs_again(api: Api, engine: Engine, home: Home) -> None:
    create(api, **with_image(api, engine.image(GATED)))
    api.until(lambda: "loss=5" in read(home))
    (first,) = engine.containers(home)
    lost = processes_of(home.training_jobs / "train-1")
    os.kill(lost["pid"], signal.SIGKILL)
    os.kill(lost["program"], signal.SIGKILL)
    api.until(lambda: processes_of(home.training_jobs / "train-1")["attempt"] == 2 and "loss=5" in read(home))
    (second,) = engine.containers(home)
    assert second.id != first.id
    gate(home).touch()
    assert wait(api)["TrainingJobStatus"] == "Completed"
    assert engine.containers(home) == []


def test_a_killed_client_takes_its_container_along(api: Api, engine: Engine, home: Home) -> None:
    create(api, **with_image(api, engine.image(GATED)))
    api.until(lambda: "loss=5" in read(home))
    os.kill(processes_of(home.training_jobs / "train-1")["program"], signal.SIGKILL)
    assert wait(api)["TrainingJobStatus"] == "Failed"
    assert engine.containers(home) == []


@pytest.mark.parametrize("supervised", [True, False])
def test_containers_of_a_killed_engine_can_be_ended_without_one(
    engine: Engine, home: Home, s3: S3Client, tmp_path: Path, bucket: str, *, supervised: bool
) -> None:
    with service_on(home, s3, tmp_path, bucket) as api:
        create(api, **with_image(api, engine.image(GATED)))
    with engine_process(home, s3) as process:
        wait_until(lambda: "loss=5" in read(home) and bool(engine.containers(home)))
        process.kill()
        process.wait()
    if not supervised:
        processes = processes_of(home.training_jobs / "train-1")
        os.kill(processes["pid"], signal.SIGKILL)
        os.kill(processes["program"], signal.SIGKILL)
        wait_until(lambda: not psutil.pid_exists(processes["pid"]))
    assert end_training_programs(home, grace=0.5) == supervised
    assert engine.containers(home) == []


def test_a_registered_container_goes_before_a_program(api: Api, engine: Engine, home: Home) -> None:
    api.image("print('loss=1')")
    register_container(api.home, "program", engine.image("echo loss=2"))
    create(api)
    assert wait(api)["FinalMetricDataList"][0]["Value"] == 2


def test_a_registered_container_keeps_the_metrics_of_a_built_in_image(api: Api, engine: Engine, home: Home) -> None:
    name = engine.image("echo '[0]#011validation-auc:0.75'")
    register_container(api.home, "xgboost", name)
    create(api, AlgorithmSpecification={"TrainingImage": "account/xgboost:1", "TrainingInputMode": "File"})
    done = wait(api)
    assert {m["MetricName"]: m["Value"] for m in done["FinalMetricDataList"]} == {"validation:auc": 0.75}


def test_an_image_that_the_engine_does_not_have(api: Api, engine: Engine) -> None:
    address = engine_address()
    create(api, **with_image(api, "team/absent:1"))
    assert wait(api)["FailureReason"] == (
        f"image team/absent:1 has no local implementation, and the Docker engine at {address} has no image "
        "team/absent:1; register a program with `tuning local image absent -- COMMAND`, or build or pull the image "
        "into a running Docker engine (one of another name with `tuning local image absent --docker IMAGE`), and "
        "create the job again"
    )
    register_container(api.home, "absent", "mine:2")
    create(api, "train-2", **with_image(api, "team/absent:1"))
    assert wait(api, "train-2")["FailureReason"] == (
        f"image team/absent:1 is to run as a container of mine:2, but the Docker engine at {address} has no image "
        "mine:2; build or pull that into a running Docker engine, or register a program with "
        "`tuning local image absent -- COMMAND`, and create the job again"
    )
