"""Folders that a program finds elsewhere than they lie: file systems, checkpoints."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.endpoint.service import ServiceError
from infra.local.engine.training.file_systems import register_file_system
from infra.local.engine.training.images import register_container
from tests.support.docker_engine import docker_engine

from .test_channels import namespaces_are_allowed, read
from .test_training_jobs import create, wait

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .conftest import Api

EFS, LUSTRE = "fs-0123456789abcdef0", "fs-0123456789abcdef1"

WRITE = """
import os, pathlib
folder = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"])
print("read", sorted(f.name for f in folder.rglob("*")), (folder / "two.txt").read_text())
try:
    (folder / "new").write_text("x")
    print("read written")
except OSError as error:
    print("read", error.strerror)
"""

KEEP = """
import pathlib
folder = pathlib.Path({path!r})
print("read", sorted(f.name for f in folder.iterdir()))
(folder / "state").write_text("state")
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "deep/train").mkdir(parents=True)
    (folder / "deep/train/two.txt").write_text("two")
    return folder


def on_file_system(api: Api, data: Path, *, kind: str = "EFS", mode: str = "ro") -> list[dict[str, Any]]:
    """A channel on a file system that `data` plays; of FSx for Lustre, below its mount name."""
    number, mount = (LUSTRE, "/mounted") if kind == "FSxLustre" else (EFS, "")
    register_file_system(api.home, number, data)
    return [{"ChannelName": "train", "DataSource": {"FileSystemDataSource": source(number, mount, kind, mode)}}]


def source(number: str, mount: str = "", kind: str = "EFS", mode: str = "ro") -> dict[str, str]:
    return {
        "FileSystemId": number,
        "FileSystemType": kind,
        "FileSystemAccessMode": mode,
        "DirectoryPath": f"{mount}/deep/train",
    }


@pytest.mark.parametrize("kind", ["EFS", "FSxLustre"])
def test_a_channel_on_a_file_system_is_read_and_written_in_place(api: Api, data: Path, kind: str) -> None:
    api.image(WRITE)
    create(api, InputDataConfig=on_file_system(api, data, kind=kind, mode="rw"))
    done = wait(api)
    assert done["TrainingJobStatus"] == "Completed", done
    assert read(api) == ["['two.txt'] two", "written"]
    assert (data / "deep/train/new").read_text() == "x"
    assert (data / "deep/train/two.txt").exists()  # what is removed at the end is the way to it


def test_access_mode_ro_is_kept(api: Api, data: Path, tmp_path: Path) -> None:
    if not namespaces_are_allowed(tmp_path):
        pytest.skip("this system allows no mount namespaces")
    api.image(WRITE)
    create(api, InputDataConfig=on_file_system(api, data))
    assert wait(api)["TrainingJobStatus"] == "Completed"
    assert read(api) == ["['two.txt'] two", "Read-only file system"]
    (data / "deep/train/other").write_text("outside of the job it is as before")


def test_a_container_gets_the_file_system_and_the_checkpoints_mounted(
    api: Api, data: Path, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with docker_engine() as (address, played):
        monkeypatch.setenv("DOCKER_HOST", address)
        played.add_image("mine", {"train": "echo state > $PLACE/state"})
        register_container(api.home, "program", "mine")
        config = {"S3Uri": f"s3://{api.bucket}/checkpoints", "LocalPath": "/var/state"}
        channels = on_file_system(api, data)
        create(api, InputDataConfig=channels, CheckpointConfig=config, Environment={"PLACE": "/var/state"})
        done = wait(api)
        (container,) = played.removed
    assert done["TrainingJobStatus"] == "Completed", done
    folder = api.home.training_jobs / "train-1"
    assert container.config["HostConfig"]["Binds"] == [
        f"{folder}/ml:/opt/ml:rw,z",
        f"{folder}/checkpoints:/var/state:rw,z",
        f"{data}/deep/train:/opt/ml/input/data/train:ro,z",
    ]
    assert s3.get_object(Bucket=api.bucket, Key="checkpoints/state")["Body"].read() == b"state\n"


BAD: list[tuple[dict[str, str], str]] = [
    (
        source("fs-00000000"),
        "File system fs-00000000 of channel train has no local folder; name one with `tuning local file-system "
        "fs-00000000 FOLDER` and create the job again.",
    ),
    (
        {**source(EFS), "DirectoryPath": "/absent"},
        f"DirectoryPath /absent of channel train is not there: {EFS} is played by {{data}}, which makes it "
        "{data}/absent.",
    ),
    (
        {**source(EFS), "DirectoryPath": "/deep/../.."},
        "DirectoryPath of channel train must be a full path without .., got '/deep/../..'.",
    ),
]


@pytest.mark.parametrize(("given", "message"), BAD, ids=["not registered", "no such directory", "out of it"])
def test_a_file_system_that_cannot_be_read(api: Api, data: Path, given: dict[str, str], message: str) -> None:
    register_file_system(api.home, EFS, data)
    with pytest.raises(ServiceError) as caught:
        create(api, InputDataConfig=[{"ChannelName": "train", "DataSource": {"FileSystemDataSource": given}}])
    assert (caught.value.code, caught.value.message) == ("ValidationException", message.format(data=data))


def test_a_file_system_has_input_mode_file(api: Api, data: Path) -> None:
    (channel,) = on_file_system(api, data)
    with pytest.raises(ServiceError, match=r"FileSystemDataSource needs input mode File \(channel 'train'\)\.$"):
        create(api, InputDataConfig=[{**channel, "InputMode": "FastFile"}])


@pytest.mark.parametrize("place", ["/{unique}", "/opt/{unique}/deep", "{tmp}/{unique}"], ids=["root", "opt", "folder"])
def test_checkpoints_may_lie_anywhere(api: Api, s3: S3Client, tmp_path: Path, place: str) -> None:
    if not namespaces_are_allowed(tmp_path):
        pytest.skip("this system allows no mount namespaces")
    path = place.format(unique=f"tuning-{uuid.uuid4().hex[:8]}", tmp=tmp_path)
    s3.put_object(Bucket=api.bucket, Key="checkpoints/before", Body=b"1")
    api.image(KEEP.format(path=path))
    create(api, CheckpointConfig={"S3Uri": f"s3://{api.bucket}/checkpoints", "LocalPath": path})
    done = wait(api)
    assert done["TrainingJobStatus"] == "Completed", done
    assert read(api) == ["['before']"]
    assert s3.get_object(Bucket=api.bucket, Key="checkpoints/state")["Body"].read() == b"state"
    assert not Path(path).exists()  # the machine itself is as before


def test_checkpoints_that_cannot_be_shown_are_an_error(api: Api, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = f"{tmp_path}/file/below"  # no folder can be there, as where the system allows no mount namespace at all
    api.image("print('loss=1')")
    create(api, CheckpointConfig={"S3Uri": f"s3://{api.bucket}/checkpoints", "LocalPath": path})
    reason = wait(api)["FailureReason"]
    assert reason.startswith(
        f"ClientError: the training program could not be started: {path} cannot be shown to it, which needs a mount "
        "namespace: "
    )


ALGORITHM = "arn:aws:sagemaker:us-east-1:865070037744:algorithm/bought-1"


def test_an_algorithm_of_an_account_is_played_by_what_is_registered_for_it(api: Api) -> None:
    algorithm = {**api.definition()["AlgorithmSpecification"], "AlgorithmName": ALGORITHM}
    del algorithm["TrainingImage"]
    with pytest.raises(ServiceError) as caught:
        create(api, AlgorithmSpecification=algorithm)
    assert caught.value.message == (
        f"AlgorithmName '{ALGORITHM}' is an algorithm of an AWS account, whose image is not on this machine. Let a "
        "program play it with `tuning local image bought-1 -- COMMAND`, or a Docker image with `tuning local image "
        "bought-1 --docker IMAGE`, and create the job again."
    )
    api.image("print('loss=2')", name="bought-1")
    create(api, AlgorithmSpecification=algorithm)
    done = wait(api)
    assert done["FinalMetricDataList"][0]["Value"] == 2
    assert done["AlgorithmSpecification"]["AlgorithmName"] == ALGORITHM
