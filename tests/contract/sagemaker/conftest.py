"""A real S3 beside the service, and training programs of a few lines."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from infra.local.engine import EngineSettings
from infra.local.engine.training.images import register_image
from infra.local.home import Home
from infra.local.sagemaker import SageMakerService
from tests.support.s3 import local_s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SETTINGS = EngineSettings(stop_grace=0.5, close_grace=0.5, poll=0.02, cores=2, checkpoints=0.1)


DOCKER_HOST = os.environ.get("DOCKER_HOST")
"""The Docker engine that the machine's environment names."""


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Client]:
    with local_s3(tmp_path_factory.mktemp("ministack")) as client:
        yield client


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def bucket(s3: S3Client) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="train/part/one.txt", Body=b"one")
    s3.put_object(Bucket=name, Key="train/two.txt", Body=b"two")
    return name


class Api:
    """The service as boto3 would call it: requests and answers are checked against botocore's model."""

    model: ServiceModel = botocore.session.get_session().get_service_model("sagemaker")

    def __init__(self, service: SageMakerService, home: Home, folder: Path, bucket: str) -> None:
        self.service = service
        self.home = home
        self.bucket = bucket
        self._folder = folder

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        shape = self.model.operation_model(operation)
        self._check(request, shape.input_shape)
        answer = self.service.call(operation, request)
        self._check(answer, shape.output_shape)
        return answer

    @staticmethod
    def _check(members: dict[str, Any], shape: Any) -> None:
        if shape is None:
            assert members == {}
            return
        report = ParamValidator().validate(members, shape)
        assert not report.has_errors(), report.generate_report()

    def image(self, program: str, name: str = "program") -> None:
        """Let a Python program play the image `name`."""
        file = self._folder / f"{name}.py"
        file.write_text(program)
        register_image(self.home, name, [sys.executable, "-u", str(file)])

    def tuning_request(self, name: str = "job", **config: Any) -> dict[str, Any]:
        """A request for three training jobs, one after the other."""
        return {
            "HyperParameterTuningJobName": name,
            "HyperParameterTuningJobConfig": {
                "Strategy": "Bayesian",
                "RandomSeed": 7,
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
                "ParameterRanges": {
                    "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0.001", "MaxValue": "1"}],
                    "IntegerParameterRanges": [{"Name": "size", "MinValue": "1", "MaxValue": "64"}],
                    "CategoricalParameterRanges": [{"Name": "kind", "Values": ["adam", "sgd"]}],
                },
                **config,
            },
            "TrainingJobDefinition": self.definition(),
        }

    def definition(self, **members: Any) -> dict[str, Any]:
        return {
            "StaticHyperParameters": {"layers": "2"},
            "AlgorithmSpecification": {
                "TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/program:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=(\S+)"}],
            },
            "RoleArn": "arn:aws:iam::000000000000:role/training",
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/train"}},
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **members,
        }

    def tune(self, name: str = "job", **config: Any) -> dict[str, Any]:
        """Create a tuning job and wait for its end."""
        self("CreateHyperParameterTuningJob", **self.tuning_request(name, **config))
        return self.wait(name)

    def wait(self, name: str = "job") -> dict[str, Any]:
        """Wait for a tuning job's end; its description."""
        self.until(lambda: self.describe(name)["HyperParameterTuningJobStatus"] in ("Completed", "Failed", "Stopped"))
        return self.describe(name)

    def describe(self, name: str = "job") -> dict[str, Any]:
        return self("DescribeHyperParameterTuningJob", HyperParameterTuningJobName=name)

    def training_jobs(self, name: str = "job", **query: Any) -> list[dict[str, Any]]:
        answer = self(
            "ListTrainingJobsForHyperParameterTuningJob", HyperParameterTuningJobName=name, MaxResults=100, **query
        )
        summaries: list[dict[str, Any]] = answer["TrainingJobSummaries"]
        return summaries

    def until(self, condition: Callable[[], Any]) -> None:
        wait_until(lambda: bool(condition()))


@pytest.fixture(autouse=True)
def no_docker_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a machine has must not matter: only the tests of containers look for an engine."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def api(home: Home, s3: S3Client, bucket: str, tmp_path: Path) -> Iterator[Api]:
    service = SageMakerService(home, s3=s3, region="us-east-1", settings=SETTINGS)
    yield Api(service, home, tmp_path, bucket)
    service.close()
