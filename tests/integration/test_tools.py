"""People's own tools, unchanged, on the environment that `tuning local env` prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.clients import local_client
from infra.local.engine.training.images import register_image
from infra.local.environment import command_environment
from infra.local.home import Home
from infra.local.up import down, up

pytestmark = pytest.mark.integration

SDK_PYTHON = "SAGEMAKER_SDK_PYTHON"
"""Names an interpreter whose environment has sagemaker 2, which cannot share ours: its pins differ."""

BUCKET = "tools"
PROGRAM = """
import json, os
h = json.load(open(os.environ["SM_INPUT_CONFIG_DIR"] + "/hyperparameters.json"))
print("loss=%f" % abs(float(h["rate"]) - 0.1))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("tools")
    home = Home(folder / "home").create()
    program = folder / "train.py"
    program.write_text(PROGRAM)
    register_image(home, "mine", [sys.executable, str(program)])
    state, _ = up(home)
    s3 = local_client(state, "s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="train/one.txt", Body=b"one")
    without_path = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    yield command_environment(home, state, without_path)
    down(home)


def _aws_cli() -> str | None:
    """The AWS CLI, wherever it is but in our own environment."""
    own = str(Path(sys.executable).parent)
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if p != own)
    return shutil.which("aws", path=path)


def test_the_aws_cli_creates_waits_and_lists(environment: dict[str, str], tmp_path: Path) -> None:
    command = _aws_cli()
    if command is None:
        pytest.skip("no AWS CLI here")
    if subprocess.run([command, "--version"], check=False, capture_output=True, env=environment).returncode:
        pytest.skip("the AWS CLI here does not run")

    def aws(*arguments: str) -> Any:
        done = subprocess.run(
            [command, "sagemaker", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    request = tmp_path / "request.json"
    request.write_text(json.dumps(_request()))
    created = aws("create-hyper-parameter-tuning-job", "--cli-input-json", f"file://{request}")
    assert created["HyperParameterTuningJobArn"].endswith(":hyper-parameter-tuning-job/cli")
    name = ("--hyper-parameter-tuning-job-name", "cli")
    while (described := aws("describe-hyper-parameter-tuning-job", *name))[
        "HyperParameterTuningJobStatus"
    ] == "InProgress":
        pass
    listed = aws("list-training-jobs-for-hyper-parameter-tuning-job", *name, "--sort-by", "FinalObjectiveMetricValue")[
        "TrainingJobSummaries"
    ]
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert listed[0]["TrainingJobName"] == described["BestTrainingJob"]["TrainingJobName"]
    assert len(listed) == 2


def _request() -> dict[str, Any]:
    return {
        "HyperParameterTuningJobName": "cli",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0.001", "MaxValue": "1"}]},
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": "mine",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*)"}],
            },
            "RoleArn": "arn:aws:iam::000000000000:role/training",
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        },
    }


@pytest.mark.skipif(SDK_PYTHON not in os.environ, reason=f"{SDK_PYTHON} names no interpreter that has sagemaker 2")
def test_the_sagemaker_sdk_tunes_attaches_and_starts_warm(environment: dict[str, str]) -> None:
    script = Path(__file__).with_name("sagemaker_sdk.py")
    done = subprocess.run(
        [os.environ[SDK_PYTHON], str(script), BUCKET], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["status"], found["child"]) == ("Completed", "Completed")
    assert found["best"] == found["attached_best"]
    rows = found["rows"]
    assert sorted(row[0] for row in rows) == ["Completed"] * 3
    assert all(row[1] == pytest.approx(abs(float(row[2]) - 0.1), abs=1e-5) for row in rows)
    assert found["attached_ranges"] == [
        "CategoricalParameterRanges",
        "ContinuousParameterRanges",
        "IntegerParameterRanges",
    ]
    assert found["warm_start"] == "IdenticalDataAndAlgorithm"
    assert found["parent"] == found["name"]
