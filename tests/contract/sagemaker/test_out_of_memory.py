"""A search of the sequence-to-sequence algorithm over sizes of which one fits into no machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.seq2seq.prepare import Options, prepare
from tests.contract.sagemaker.conftest import Api
from tests.unit.seq2seq.tiny import SMALL, write_text

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SIZES = ["8", "131072", "16"]


@pytest.mark.integration
def test_a_job_out_of_memory_fails_alone_and_the_search_goes_on(api: Api, s3: S3Client, tmp_path: Path) -> None:
    prepare(write_text(tmp_path, 40), tmp_path / "data", options=Options(validation_fraction=0.2))
    for file in (one for one in (tmp_path / "data").rglob("*") if one.is_file()):
        s3.upload_file(str(file), api.bucket, file.relative_to(tmp_path).as_posix())
    channels = [
        {
            "ChannelName": name,
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{api.bucket}/data/{name}/"}},
        }
        for name in ("train", "validation", "vocab")
    ]
    static = {name: value for name, value in SMALL.items() if name != "rnn_num_hidden"}
    definition = api.definition(
        AlgorithmSpecification={"TrainingImage": "seq2seq", "TrainingInputMode": "File"},
        StaticHyperParameters={**static, "max_num_epochs": "1"},
        InputDataConfig=channels,
    )
    api(
        "CreateHyperParameterTuningJob",
        HyperParameterTuningJobName="sizes",
        HyperParameterTuningJobConfig={
            "Strategy": "Grid",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:perplexity"},
            "ResourceLimits": {"MaxParallelTrainingJobs": 1},
            "ParameterRanges": {"CategoricalParameterRanges": [{"Name": "rnn_num_hidden", "Values": SIZES}]},
        },
        TrainingJobDefinition=definition,
    )
    described = api.wait("sizes")
    assert described["HyperParameterTuningJobStatus"] == "Completed", described.get("FailureReason")
    ended = {job["TunedHyperParameters"]["rnn_num_hidden"]: job for job in api.training_jobs("sizes")}
    assert {size: job["TrainingJobStatus"] for size, job in ended.items()} == {
        "8": "Completed",
        "131072": "Failed",
        "16": "Completed",
    }
    reason = ended["131072"]["FailureReason"]
    assert reason.startswith("ClientError: out of memory: ")
    assert "lower rnn_num_hidden (131072), num_layers_encoder (1), " in reason
    assert described["BestTrainingJob"]["TunedHyperParameters"]["rnn_num_hidden"] in ("8", "16")
