"""The sequence-to-sequence trainer as the engine runs it, in each input mode."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.engine.training.images import PROJECT, register_image
from tests.unit.seq2seq.tiny import SMALL, write_job

from .test_training_jobs import create, wait

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from .conftest import Api

STATIC = {
    **SMALL,
    "max_num_epochs": "3",
    "min_num_epochs": "3",
    "checkpoint_frequency_num_batches": "8",
    "batch_size": "32",
}

# A window of some sentences only, as if the channel were larger than memory; at the end, which pipes there were.
SMALL_WINDOW = f"""
import os, pathlib, runpy, sys
sys.path.insert(0, {str(PROJECT)!r})
from infra.seq2seq import dataset
dataset.Corpus.__init__.__defaults__ = (300, iter)
sys.argv = ["seq2seq", "train"]
try:
    runpy.run_module("infra.seq2seq", run_name="__main__", alter_sys=True)
finally:
    data = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "input/data")
    print("pipes", *sorted(p.name for p in data.iterdir() if p.is_fifo()), flush=True)
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("corpus")
    return write_job(base, {}, pairs=300) / "input/data"


def train(api: Api, s3: S3Client, corpus: Path, name: str, mode: str, image: str = "seq2seq") -> dict[str, Any]:
    """A training job whose records come in an input mode; the vocabularies are files."""
    channels = []
    for channel in ("train", "validation", "vocab"):
        for file in (corpus / channel).iterdir():
            s3.upload_file(str(file), api.bucket, f"corpus/{channel}/{file.name}")
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{api.bucket}/corpus/{channel}/"}
        chosen = "File" if channel == "vocab" else mode
        channels.append({"ChannelName": channel, "InputMode": chosen, "DataSource": {"S3DataSource": source}})
    algorithm = {"TrainingImage": f"account/{image}:1", "TrainingInputMode": "File"}
    if image != "seq2seq":
        algorithm |= api.definition()["AlgorithmSpecification"] | algorithm
    create(
        api,
        name,
        AlgorithmSpecification=algorithm,
        InputDataConfig=channels,
        StaticHyperParameters=STATIC,
        StoppingCondition={"MaxRuntimeInSeconds": 600},
        Environment={"OMP_NUM_THREADS": "1"},
    )
    done = wait(api, name)
    assert done["TrainingJobStatus"] == "Completed", done
    return done


def validations(api: Api, name: str) -> list[str]:
    lines = (api.home.training_jobs / name / "log").read_text().splitlines()
    return [line for line in lines if "Validation-" in line]


def test_fast_file_and_pipes_teach_what_files_teach(api: Api, s3: S3Client, corpus: Path) -> None:
    for mode in ("File", "FastFile", "Pipe"):
        done = train(api, s3, corpus, mode, mode)
        assert {m["MetricName"] for m in done["FinalMetricDataList"]} >= {
            "validation:perplexity",
            "validation:accuracy",
        }
    expected = validations(api, "File")
    assert len(expected) >= 3
    assert validations(api, "FastFile") == validations(api, "Pipe") == expected


def test_a_channel_larger_than_its_window_takes_a_pipe_for_each_epoch(
    api: Api, s3: S3Client, corpus: Path, tmp_path: Path
) -> None:
    program = tmp_path / "small.py"
    program.write_text(SMALL_WINDOW)
    register_image(api.home, "small", [sys.executable, "-u", str(program)])
    for mode in ("FastFile", "Pipe"):
        train(api, s3, corpus, mode, mode, image="small")
    log = (api.home.training_jobs / "Pipe/log").read_text()
    (pipes,) = [line.split()[1:] for line in log.splitlines() if line.startswith("pipes ")]
    # One for each of the three epochs, and the next one, which was made when the third was opened.
    assert {f"train_{epoch}" for epoch in range(4)} <= set(pipes)
    assert validations(api, "Pipe") == validations(api, "FastFile")
    assert len(validations(api, "Pipe")) >= 3
