"""The training container's contract, and how training jobs end."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.endpoint.service import ServiceError
from infra.local.engine.training import channels
from infra.local.engine.training.images import register_image

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .conftest import Api

DONE = ("Completed", "Failed", "Stopped")

SHOW = """
import json, os, pathlib, sys
ml = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
seen = {
    "config": {f.stem: json.loads(f.read_text()) for f in (ml / "input/config").glob("*.json")},
    "data": {str(f.relative_to(ml)): f.read_text() for f in (ml / "input/data").rglob("*") if f.is_file()},
    "folders": sorted(str(f.relative_to(ml)) for f in ml.rglob("*") if f.is_dir() and "input" not in f.parts),
    "environment": dict(os.environ),
}
(ml / "output/data/seen.json").write_text(json.dumps(seen))
(ml / "model/deep").mkdir()
(ml / "model/deep/weights").write_text("w")
print("loss=0.25", file=sys.stderr)
"""


def create(api: Api, name: str = "train-1", **members: Any) -> None:
    definition = api.definition(**members)
    definition["HyperParameters"] = definition.pop("StaticHyperParameters")
    api("CreateTrainingJob", TrainingJobName=name, **definition)


def wait(api: Api, name: str = "train-1") -> dict[str, Any]:
    def describe() -> dict[str, Any]:
        return api("DescribeTrainingJob", TrainingJobName=name)

    api.until(lambda: describe()["TrainingJobStatus"] in DONE)
    return describe()


def archive(s3: S3Client, api: Api, key: str) -> dict[str, bytes]:
    body = s3.get_object(Bucket=api.bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return {m.name: file.read() for m in tar.getmembers() if (file := tar.extractfile(m)) is not None}


def test_the_program_finds_what_a_container_has(api: Api, s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THIS_MACHINE", "x")
    api.image(SHOW)
    create(api, Environment={"MINE": "1"})
    done = wait(api)
    assert done["TrainingJobStatus"] == "Completed", done
    seen = json.loads(archive(s3, api, "output/train-1/output/output.tar.gz")["seen.json"])
    assert seen["config"] == {
        "hyperparameters": {"layers": "2"},
        "inputdataconfig": {
            "train": {
                "TrainingInputMode": "File",
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": "None",
            }
        },
        "resourceconfig": {
            "current_host": "algo-1",
            "current_instance_type": "ml.m5.large",
            "current_group_name": "homogeneousCluster",
            "hosts": ["algo-1"],
            "instance_groups": [
                {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": ["algo-1"]}
            ],
            "network_interface_name": "lo",
        },
    }
    assert seen["data"] == {"input/data/train/part/one.txt": "one", "input/data/train/two.txt": "two"}
    assert seen["folders"] == ["checkpoints", "model", "output", "output/data"]
    environment = seen["environment"]
    ml = environment["SAGEMAKER_BASE_DIR"]
    expected = {
        "TRAINING_JOB_NAME": "train-1",
        "TRAINING_JOB_ARN": done["TrainingJobArn"],
        "AWS_REGION": "us-east-1",
        "OMP_NUM_THREADS": "2",
        "MINE": "1",
        "SM_CHANNEL_TRAIN": f"{ml}/input/data/train",
        "SM_MODEL_DIR": f"{ml}/model",
        "SM_OUTPUT_DATA_DIR": f"{ml}/output/data",
        "SM_HP_LAYERS": "2",
        "SM_HPS": '{"layers": "2"}',
        "SM_NUM_GPUS": "0",
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert "SECRET_OF_THIS_MACHINE" not in environment


def test_a_completed_job_is_described_in_full(api: Api, s3: S3Client) -> None:
    api.image(SHOW)
    create(api)
    done = wait(api)
    assert done["ModelArtifacts"] == {"S3ModelArtifacts": f"s3://{api.bucket}/output/train-1/output/model.tar.gz"}
    assert archive(s3, api, "output/train-1/output/model.tar.gz") == {"deep/weights": b"w"}
    statuses = [t["Status"] for t in done["SecondaryStatusTransitions"]]
    assert statuses == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    times = [time for t in done["SecondaryStatusTransitions"] for time in (t["StartTime"], t["EndTime"])]
    assert times == sorted(times)
    assert times[-1] == done["TrainingEndTime"]  # after the upload
    (metric,) = done["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("loss", 0.25)
    assert done["TrainingTimeInSeconds"] == done["BillableTimeInSeconds"] >= 0
    assert done["TrainingEndTime"] >= done["TrainingStartTime"] >= done["CreationTime"]
    assert "TuningJobArn" not in done
    assert not list((api.home.training_jobs / "train-1/ml/input/data").glob("*"))


def test_uncompressed_output(api: Api, s3: S3Client) -> None:
    api.image(SHOW)
    create(api, OutputDataConfig={"S3OutputPath": f"s3://{api.bucket}/out/", "CompressionType": "NONE"})
    done = wait(api)
    assert done["ModelArtifacts"] == {"S3ModelArtifacts": f"s3://{api.bucket}/out/train-1/output/model/"}
    s3.head_object(Bucket=api.bucket, Key="out/train-1/output/model/deep/weights")


FAILURES = [
    (
        "import os; open(os.environ['SM_OUTPUT_DIR'] + '/failure', 'w').write('ClientError: no vocab' + 'y' * 2000);"
        "raise SystemExit(2)",
        ("ClientError: no vocab" + "y" * 2000)[:1024],
    ),
    (
        "print('first'); print('last words'); raise SystemExit(7)",
        'AlgorithmError: the training program ended without a failure file; last line of its log: "last words", '
        "exit code: 7",
    ),
    ("raise SystemExit(1)", "AlgorithmError: the training program ended without a failure file, exit code: 1"),
    (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "AlgorithmError: the training program was killed by SIGKILL, exit code: 137",
    ),
]


@pytest.mark.parametrize(("program", "reason"), FAILURES)
def test_failures_say_why(api: Api, program: str, reason: str) -> None:
    api.image(program)
    create(api)
    done = wait(api)
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Failed", "Failed")
    assert done["FailureReason"] == reason
    assert done["SecondaryStatusTransitions"][-1]["StatusMessage"] == reason


def test_an_image_without_a_program(api: Api) -> None:
    create(api)
    image = api.definition()["AlgorithmSpecification"]["TrainingImage"]
    assert wait(api)["FailureReason"] == (
        f"image {image} has no local implementation, and no Docker engine answers at {os.environ['DOCKER_HOST']}; "
        "register a program with `tuning local image program -- COMMAND`, or build or pull the image into a running "
        "Docker engine (one of another name with `tuning local image program --docker IMAGE`), and create the job again"
    )


def test_a_command_that_is_not_there(api: Api) -> None:
    register_image(api.home, "program", ["/no/such/program"])
    create(api)
    assert wait(api)["FailureReason"] == (
        "ClientError: the training program could not be started: "
        "[Errno 2] No such file or directory: '/no/such/program'"
    )


def test_no_disk_space_for_a_channel(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(api.home.path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=channels.RESERVE + 5))
    api.image(SHOW)
    create(api)
    target = api.home.training_jobs / "train-1/ml/input/data/train"
    assert wait(api)["FailureReason"] == (
        f"ClientError: no disk space for channel train: it needs 6 bytes, 5 bytes are free at {target}; "
        "make room or set TUNING_HOME to a folder on a larger disk"
    )


def test_a_channel_that_was_emptied_meanwhile(api: Api, s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    api.image(SHOW)
    monkeypatch.setattr("infra.local.sagemaker.training_rules._check_channel", lambda *_: None)
    s3.delete_object(Bucket=api.bucket, Key="train/two.txt")
    s3.delete_object(Bucket=api.bucket, Key="train/part/one.txt")
    create(api)
    assert wait(api)["FailureReason"] == (
        f'ClientError: Data download failed: No S3 objects found under S3 URL "s3://{api.bucket}/train", channel train'
    )


def test_runtime_limit_stops_the_program(api: Api) -> None:
    api.image("import time; print('loss=1'); time.sleep(60)")
    create(api, StoppingCondition={"MaxRuntimeInSeconds": 1})
    done = wait(api)
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, lambda *_: print("not yet"))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid)
while True:
    time.sleep(0.05)
"""


def test_a_program_that_ignores_sigterm_is_killed_with_its_children(api: Api) -> None:
    api.image(STUBBORN)
    create(api)
    log = api.home.training_jobs / "train-1/log"
    api.until(lambda: log.exists() and "child" in log.read_text())
    api("StopTrainingJob", TrainingJobName="train-1")
    done = wait(api)
    assert (done["TrainingJobStatus"], done["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "not yet" in log.read_text()
    pid = int(log.read_text().split()[1])
    api.until(lambda: not _runs(pid))
    with pytest.raises(ServiceError, match="training job is already in Stopped status"):
        api("StopTrainingJob", TrainingJobName="train-1")


def _runs(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_sigterm_lets_the_program_save_its_model(api: Api, s3: S3Client) -> None:
    api.image(
        "import os, signal, sys, time\n"
        "def save(*_):\n"
        "    open(os.environ['SM_MODEL_DIR'] + '/saved', 'w').close(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\n"
        "print('ready')\n"
        "time.sleep(60)\n"
    )
    create(api)
    log = api.home.training_jobs / "train-1/log"
    api.until(lambda: log.exists() and "ready" in log.read_text())
    api("StopTrainingJob", TrainingJobName="train-1")
    assert wait(api)["TrainingJobStatus"] == "Stopped"
    assert archive(s3, api, "output/train-1/output/model.tar.gz") == {"saved": b""}


def test_names_are_unique(api: Api) -> None:
    api.image(SHOW)
    create(api)
    with pytest.raises(ServiceError) as caught:
        create(api, "TRAIN-1")
    assert caught.value.code == "ResourceInUse"
    wait(api)
    with pytest.raises(ServiceError) as caught:
        api("DescribeTrainingJob", TrainingJobName="other")
    assert caught.value.code == "ResourceNotFound"


def test_a_single_object_is_a_channel_of_one_file(api: Api, s3: S3Client, tmp_path: Path) -> None:
    found = list(channels.channel_objects(s3, f"s3://{api.bucket}/train/part/one.txt"))
    assert [o.path for o in found] == ["one.txt"]
    s3.put_object(Bucket=api.bucket, Key="train-more/x", Body=b"")
    s3.put_object(Bucket=api.bucket, Key="train/folder/", Body=b"")
    assert [o.path for o in channels.channel_objects(s3, f"s3://{api.bucket}/train")] == [
        "train-more/x",
        "part/one.txt",
        "two.txt",
    ]
    assert [o.path for o in channels.channel_objects(s3, f"s3://{api.bucket}/train/")] == ["part/one.txt", "two.txt"]


def test_a_key_cannot_lead_out_of_its_channel(api: Api, s3: S3Client) -> None:
    s3.put_object(Bucket=api.bucket, Key="evil/../../x", Body=b"")
    api.image(SHOW)
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{api.bucket}/evil/"}}
    create(api, InputDataConfig=[{"ChannelName": "train", "DataSource": source}])
    assert wait(api)["FailureReason"] == "ClientError: the object key '../../x' leads out of the channel's folder"


def test_an_exact_image_goes_before_its_repository_name(api: Api) -> None:
    api.image("raise SystemExit(1)")
    image = api.definition()["AlgorithmSpecification"]["TrainingImage"]
    register_image(api.home, image, [sys.executable, "-c", "print('loss=1')"])
    create(api)
    assert wait(api)["TrainingJobStatus"] == "Completed"
