"""Personalize on an endpoint in this process, a real S3 beside it, and a small interactions file in a bucket."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.engine import EngineSettings
from infra.local.home import Home
from infra.local.personalize import PersonalizeService
from infra.recommender.generator import Settings, generate, write_csv
from tests.support.endpoint import client, serving
from tests.support.personalize import INTERACTIONS
from tests.support.s3 import local_s3

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROLE = "arn:aws:iam::000000000000:role/personalize"
ENGINE = EngineSettings(stop_grace=2.0, close_grace=2.0, poll=0.02, cores=2)


class Api:
    """boto3 and a bucket, with the steps that most tests need first."""

    def __init__(self, personalize: Any, s3: S3Client, bucket: str) -> None:
        self.personalize = personalize
        self.s3 = s3
        self.bucket = bucket

    def schema(self, name: str = "interactions", schema: dict[str, Any] = INTERACTIONS) -> str:
        arn: str = self.personalize.create_schema(name=name, schema=json.dumps(schema))["schemaArn"]
        return arn

    def group(self, name: str = "shop") -> str:
        arn: str = self.personalize.create_dataset_group(name=name)["datasetGroupArn"]
        return arn

    def dataset(self, group: str, schema: str, kind: str = "INTERACTIONS") -> str:
        arn: str = self.personalize.create_dataset(
            name="events", datasetGroupArn=group, schemaArn=schema, datasetType=kind
        )["datasetArn"]
        return arn

    def put(self, key: str, text: str) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
        return f"s3://{self.bucket}/{key}"

    def imported(self, dataset: str, location: str, name: str = "first", **more: Any) -> dict[str, Any]:
        """Import and wait for the end; the job."""
        arn = self.personalize.create_dataset_import_job(
            jobName=name, datasetArn=dataset, dataSource={"dataLocation": location}, roleArn=ROLE, **more
        )["datasetImportJobArn"]

        def job() -> dict[str, Any]:
            found: dict[str, Any] = self.personalize.describe_dataset_import_job(datasetImportJobArn=arn)
            described: dict[str, Any] = found["datasetImportJob"]
            return described

        wait_until(lambda: job()["status"] in ("ACTIVE", "CREATE FAILED"))
        return job()

    def shop(self, location: str) -> str:
        """A dataset group with imported interactions."""
        group = self.group()
        job = self.imported(self.dataset(group, self.schema()), location)
        assert job["status"] == "ACTIVE", job
        return group

    def version(self, arn: str) -> dict[str, Any]:
        version: dict[str, Any] = self.personalize.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
        return version

    def trained(self, solution: str) -> dict[str, Any]:
        """Train a version and wait for the end."""
        arn: str = self.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        return self.ended(arn)

    def ended(self, arn: str) -> dict[str, Any]:
        wait_until(lambda: self.version(arn)["status"] in ("ACTIVE", "CREATE FAILED", "CREATE STOPPED"))
        return self.version(arn)


def wait_until(condition: Callable[[], bool], seconds: float = 240.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Client]:
    with local_s3(tmp_path_factory.mktemp("ministack")) as s3:
        yield s3


@pytest.fixture(scope="session")
def events_csv(tmp_path_factory: pytest.TempPathFactory) -> str:
    """About 2,500 events of 150 users."""
    path = tmp_path_factory.mktemp("events") / "events.csv"
    write_csv(generate(Settings(events=2500, users=150, items=60, categories=6)), path)
    return path.read_text()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def bucket(s3: S3Client) -> str:
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture
def api(home: Home, s3: S3Client, bucket: str) -> Iterator[Api]:
    service = PersonalizeService(home, s3=s3, region="us-east-1", settings=ENGINE)
    with serving(service) as url:
        yield Api(client("personalize", url), s3, bucket)
