"""What a program reads: manifests and pipes; what it keeps: checkpoints; and where: /opt/ml."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.engine.training import feeder, namespace

from .test_training_jobs import create, wait

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from .conftest import Api

READ_FILES = """
import os, pathlib
for file in sorted(pathlib.Path(os.environ["SM_CHANNEL_TRAIN"]).rglob("*")):
    if file.is_file():
        print("read", file.name, file.read_text())
"""

READ_PIPES = """
import os
for epoch in range(2):
    with open(os.environ["SM_CHANNEL_TRAIN"] + f"_{epoch}", "rb") as pipe:
        print("read", pipe.read().hex())
"""


def channel(api: Api, kind: str, key: str, **members: Any) -> list[dict[str, Any]]:
    attributes = members.pop("AttributeNames", None)
    source = {"S3DataType": kind, "S3Uri": f"s3://{api.bucket}/{key}"}
    if attributes is not None:
        source["AttributeNames"] = attributes
    return [{"ChannelName": "train", "DataSource": {"S3DataSource": source}, **members}]


def read(api: Api) -> list[str]:
    lines = (api.home.training_jobs / "train-1/log").read_text().splitlines()
    return [line.removeprefix("read ") for line in lines]


def test_a_manifest_names_the_files(api: Api, s3: S3Client) -> None:
    manifest = [{"prefix": f"s3://{api.bucket}/train/"}, "two.txt"]
    s3.put_object(Bucket=api.bucket, Key="lists/manifest", Body=json.dumps(manifest).encode())
    api.image(READ_FILES)
    create(api, InputDataConfig=channel(api, "ManifestFile", "lists/manifest"))
    assert wait(api)["TrainingJobStatus"] == "Completed"
    assert read(api) == ["two.txt two"]


def test_a_manifest_that_is_none(api: Api, s3: S3Client) -> None:
    s3.put_object(Bucket=api.bucket, Key="lists/manifest", Body=b'["two.txt"]')
    api.image(READ_FILES)
    create(api, InputDataConfig=channel(api, "ManifestFile", "lists/manifest"))
    assert wait(api)["FailureReason"] == (
        f"ClientError: the manifest s3://{api.bucket}/lists/manifest of channel train must look like "
        '[{"prefix": "s3://bucket/prefix/"}, "key", ...]'
    )


def test_pipes_carry_each_epoch_unpacked(api: Api, s3: S3Client) -> None:
    s3.put_object(Bucket=api.bucket, Key="packed/a.gz", Body=gzip.compress(b"first"))
    s3.put_object(Bucket=api.bucket, Key="packed/b.gz", Body=gzip.compress(b"second"))
    api.image(READ_PIPES)
    config = channel(api, "S3Prefix", "packed/", InputMode="Pipe", CompressionType="Gzip")
    create(api, InputDataConfig=config)
    done = wait(api)
    assert done["TrainingJobStatus"] == "Completed", done
    assert read(api) == [b"firstsecond".hex()] * 2
    api.until(lambda: not (api.home.training_jobs / "train-1/pipe-input").exists())


def test_an_augmented_manifest_becomes_records(api: Api, s3: S3Client) -> None:
    lines = [
        {"text-ref": f"s3://{api.bucket}/train/two.txt", "label": 7},
        {"text-ref": f"s3://{api.bucket}/train/part/one.txt", "label": 8},
    ]
    s3.put_object(Bucket=api.bucket, Key="lists/m", Body="\n".join(json.dumps(line) for line in lines).encode())
    api.image(READ_PIPES)
    config = channel(
        api,
        "AugmentedManifestFile",
        "lists/m",
        AttributeNames=["text-ref", "label"],
        InputMode="Pipe",
        RecordWrapperType="RecordIO",
    )
    create(api, InputDataConfig=config)
    done = wait(api)
    assert done["TrainingJobStatus"] == "Completed", done
    expected = b"".join(feeder.record(content) for content in (b"two", b"7", b"one", b"8"))
    assert read(api) == [expected.hex()] * 2


def test_shuffle_gives_each_epoch_another_order_and_the_same_again(tmp_path: Path) -> None:
    pieces = [[{"text": f"{n},"}] for n in range(20)]
    config = {"groups": pieces, "record_io": False, "gzip": False, "seed": 5}

    def epoch(number: int) -> str:
        file = tmp_path / "epoch"
        with file.open("wb") as sink:
            feeder.write_epoch(config, number, sink)
        return file.read_text()

    assert epoch(0) == epoch(0) != epoch(1)
    assert sorted(epoch(0).split(",")) == sorted(epoch(1).split(","))


@pytest.mark.parametrize("size", range(5))
def test_records_are_padded(size: int) -> None:
    found = feeder.record(b"x" * size)
    assert len(found) % 4 == 0
    assert found[:4] == bytes.fromhex("0a23d7ce")
    assert int.from_bytes(found[4:8], "little") == size


def test_any_user_of_a_container_can_read_a_pipe(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        pipe = feeder.make_pipe(str(tmp_path / "train"), 1)
    finally:
        os.umask(before)
    assert pipe.is_fifo()
    assert pipe.stat().st_mode & 0o777 == 0o644


RESUME = """
import os, pathlib, time
folder = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"]) / "checkpoints"
seen = sorted(f.name for f in folder.iterdir())
print("found", seen, flush=True)
(folder / f"epoch-{len(seen)}").write_text("state")
time.sleep(60 if not seen else 0)
"""


def test_checkpoints_go_to_s3_and_come_back_for_a_retry(api: Api, s3: S3Client) -> None:
    api.image(RESUME)
    create(api, CheckpointConfig={"S3Uri": f"s3://{api.bucket}/checkpoints"})
    folder = api.home.training_jobs / "train-1"
    api.until(lambda: "Contents" in s3.list_objects_v2(Bucket=api.bucket, Prefix="checkpoints/epoch-0"))
    (folder / "ml/checkpoints/epoch-0").unlink()  # as on another machine
    processes = json.loads((folder / "supervisor.json").read_text())
    os.kill(processes["pid"], signal.SIGKILL)
    assert wait(api)["TrainingJobStatus"] == "Completed"
    assert (folder / "log").read_text() == "found ['epoch-0']\n"
    assert s3.get_object(Bucket=api.bucket, Key="checkpoints/epoch-1")["Body"].read() == b"state"


def namespaces_are_allowed(folder: Path) -> bool:
    code = (
        "import runpy, sys, pathlib; p = pathlib.Path; "
        f"runpy.run_path({namespace.__file__!r})['enter']([(p(sys.argv[1]), p('/opt/ml'), False)], "
        "p(sys.argv[1]) / 'spare')"
    )
    return subprocess.run([sys.executable, "-c", code, str(folder)], check=False, capture_output=True).returncode == 0


def test_the_folder_stands_at_opt_ml(api: Api, tmp_path: Path) -> None:
    if not namespaces_are_allowed(tmp_path):
        pytest.skip("this system allows no mount namespaces")
    api.image("print('read', open('/opt/ml/input/data/train/two.txt').read()); open('/opt/ml/model/x', 'w').close()")
    create(api)
    done = wait(api)
    assert done["TrainingJobStatus"] == "Completed", done
    assert read(api) == ["two"]
    assert (api.home.training_jobs / "train-1/ml/model/x").exists()
