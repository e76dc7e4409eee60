"""FastFile: the files are there at once, without a copy, and nobody can write to them."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.engine.training import channels, local_objects
from infra.local.engine.training.channels import channel_objects
from infra.local.engine.training.images import register_container
from infra.local.engine.training.local_objects import LocalObjects, can_mount
from infra.local.home import Home
from infra.local.sagemaker import SageMakerService
from tests.support.docker_engine import docker_engine
from tests.support.s3 import local_s3

from .conftest import SETTINGS, Api
from .test_channels import READ_FILES, channel, read
from .test_training_jobs import create, wait

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Whether each file can be written to, removed and added, and how many names its content has.
TRY_TO_CHANGE = """
import os, pathlib
channel = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"])
for place in (channel, pathlib.Path("/opt/ml/input/data/train")):
    for file in sorted(place.rglob("*.txt")):
        for change in (lambda: file.open("a").write("more"), file.unlink, (place / "new").touch):
            try:
                change()
            except OSError as error:
                print("read", file.name, error.strerror)
        print("read", file.name, os.stat(file).st_nlink)
"""

WAIT_AND_READ = """
import os, pathlib, time
while not pathlib.Path({gate!r}).exists():
    time.sleep(0.02)
print("read", (pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]) / "two.txt").read_text())
"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a local S3 keeps its objects."""
    return tmp_path_factory.mktemp("objects")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, objects: Path) -> Iterator[S3Client]:
    with local_s3(tmp_path_factory.mktemp("emulator"), objects=objects) as client:
        yield client


@pytest.fixture
def beside(home: Home, kept: S3Client, objects: Path, tmp_path: Path) -> Iterator[Api]:
    """A service whose home has the objects where that of `tuning local up` has them."""
    (home.ministack / "s3").symlink_to(objects)
    bucket = f"kept-{uuid.uuid4().hex[:8]}"
    kept.create_bucket(Bucket=bucket)
    kept.put_object(Bucket=bucket, Key="train/part/one.txt", Body=b"one")
    kept.put_object(Bucket=bucket, Key="train/two.txt", Body=b"two")
    service = SageMakerService(home, s3=kept, region="us-east-1", settings=SETTINGS)
    yield Api(service, home, tmp_path, bucket)
    service.close()


def fast(api: Api) -> list[dict[str, Any]]:
    return channel(api, "S3Prefix", "train", InputMode="FastFile")


def stored(api: Api, key: str) -> Path:
    return api.home.ministack / "s3" / "000000000000" / api.bucket / key


@pytest.mark.skipif(not can_mount(), reason="this system allows no mount namespaces")
def test_files_are_the_objects_and_read_only(beside: Api, kept: S3Client) -> None:
    beside.image(TRY_TO_CHANGE)
    create(beside, InputDataConfig=fast(beside))
    done = wait(beside)

    assert done["TrainingJobStatus"] == "Completed", done
    refused = [f"{name} Read-only file system" for name in ("one.txt", "two.txt") for _ in range(3)]
    assert sorted(read(beside)) == sorted([*refused, "one.txt 2", "two.txt 2"] * 2)
    # AND nothing of it is left when the job has ended, but the objects
    assert stored(beside, "train/two.txt").stat().st_nlink == 1
    assert kept.get_object(Bucket=beside.bucket, Key="train/two.txt")["Body"].read() == b"two"


def test_an_object_that_is_replaced_stays_as_it_was_for_the_job(beside: Api, kept: S3Client, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    beside.image(WAIT_AND_READ.format(gate=str(gate)))
    create(beside, InputDataConfig=fast(beside))
    log = beside.home.training_jobs / "train-1/supervisor.json"
    beside.until(log.exists)
    kept.put_object(Bucket=beside.bucket, Key="train/two.txt", Body=b"another")
    kept.delete_object(Bucket=beside.bucket, Key="train/part/one.txt")
    gate.touch()
    assert wait(beside)["TrainingJobStatus"] == "Completed"
    assert read(beside) == ["two"]


@pytest.mark.skipif(not can_mount(), reason="this system allows no mount namespaces")
def test_a_channel_needs_no_room_of_its_own(beside: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(beside.home.path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=channels.RESERVE))
    beside.image(READ_FILES)
    create(beside, InputDataConfig=fast(beside))
    assert wait(beside)["TrainingJobStatus"] == "Completed"
    assert read(beside) == ["two.txt two", "one.txt one"] or read(beside) == ["one.txt one", "two.txt two"]


def test_a_program_that_could_write_gets_a_copy(beside: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_objects, "can_mount", lambda: False)
    beside.image(
        "import os, pathlib\nfile = pathlib.Path(os.environ['SM_CHANNEL_TRAIN'], 'two.txt')\n"
        "print('read', os.stat(file).st_nlink)"
    )
    create(beside, InputDataConfig=fast(beside))
    assert wait(beside)["TrainingJobStatus"] == "Completed"
    assert read(beside) == ["1"]


def test_a_container_gets_the_channel_read_only(beside: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with docker_engine() as (address, played):
        monkeypatch.setenv("DOCKER_HOST", address)
        played.add_image("theirs", {"train": "true"})
        register_container(beside.home, "program", "theirs")
        create(beside, InputDataConfig=fast(beside))
        assert wait(beside)["TrainingJobStatus"] == "Completed"
        (container,) = played.removed
    ml = beside.home.training_jobs / "train-1/ml"
    assert container.config["HostConfig"]["Binds"] == [
        f"{ml}:/opt/ml:rw,z",
        f"{ml}/input/data/train:/opt/ml/input/data/train:ro,z",
    ]


def test_an_s3_that_is_elsewhere_is_copied(api: Api) -> None:
    api.image(READ_FILES)
    create(api, InputDataConfig=fast(api))
    assert wait(api)["TrainingJobStatus"] == "Completed"
    assert sorted(read(api)) == ["one.txt one", "two.txt two"]


def change_content(file: Path) -> None:
    file.write_bytes(b"longer")


def change_etag(file: Path) -> None:
    sidecar = file.with_name(f"{file.name}.meta.json")
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "etag": '"0"'}))


def remove_sidecar(file: Path) -> None:
    file.with_name(f"{file.name}.meta.json").unlink()


def spoil_sidecar(file: Path) -> None:
    file.with_name(f"{file.name}.meta.json").write_text("[]")


def lead_elsewhere(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


@pytest.mark.parametrize(
    "change", [change_content, change_etag, remove_sidecar, spoil_sidecar, lead_elsewhere, os.unlink]
)
def test_only_what_is_surely_the_object_is_linked(
    beside: Api, kept: S3Client, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    (one,) = channel_objects(kept, f"s3://{beside.bucket}/train/two.txt")
    objects = LocalObjects(beside.home)
    assert objects.link(one, tmp_path / "before")

    change(stored(beside, "train/two.txt"))

    assert not objects.link(one, tmp_path / "after")
    assert not (tmp_path / "after").exists()
