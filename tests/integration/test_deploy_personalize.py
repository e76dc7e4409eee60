"""The recommender's app through the real CDK CLI on the local AWS: imported, searched, published, killed, destroyed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.handlers.personalize_contract import PERSONALIZE_RESULT_HANDLER
from infra.local.clients import local_client
from infra.local.home import Home
from infra.local.processes import find
from infra.local.up import down, up
from infra.recommender.generator import Settings, generate, write_csv
from stacks.recommender_stacks import INTERACTIONS_KEY
from tests.support.teams import Team

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

DATA, SOLUTIONS = "recommender-data", "recommender-solutions"


class Shop(Team):
    """Deploys the recommender's example."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder / "home")
        self.folder = folder
        state, _ = up(self.home)
        super().__init__(self.home, state, folder / "cdk.out", "examples/personalize/app.py")
        self._connect()

    def _connect(self) -> None:
        self.state, _ = up(self.home)
        self.personalize: Any = local_client(self.state, "personalize")
        self.ssm = local_client(self.state, "ssm")
        self.functions: Any = local_client(self.state, "lambda")

    def upload(self, bucket: str) -> None:
        """Put the least number of events that the service trains on, and some more."""
        path = self.folder / "events.csv"
        write_csv(generate(Settings(events=1300, users=60, items=40, categories=5)), path)
        self.s3.upload_file(str(path), bucket, INTERACTIONS_KEY)

    def version(self, arn: str) -> dict[str, Any]:
        """A described solution version."""
        version: dict[str, Any] = self.personalize.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
        return version

    def kill_endpoint(self) -> None:
        """kill -9 of the process that has SageMaker and Personalize, and `tuning local up` again."""
        assert self.state.endpoint is not None
        process = find(self.state.endpoint)
        assert process is not None
        process.kill()
        process.wait(30)
        self._connect()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("shop"))
    yield made
    down(made.home)


def test_the_life_of_a_solution(shop: Shop) -> None:
    assert shop.deploy(DATA).returncode == 0

    # With interactions, the search runs and ends with the best hyperparameters in the stack's outputs.
    shop.upload(shop.outputs(DATA)["InteractionsBucketName"])
    deployed = shop.deploy(SOLUTIONS)
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    outputs = shop.outputs(SOLUTIONS)
    hrnn = outputs["HrnnVersionArn"]
    version = shop.version(hrnn)
    assert version["status"] == "ACTIVE"
    assert json.loads(outputs["HrnnTunedHpoParams"]) == version["tunedHPOParams"]["algorithmHyperParameters"]
    assert version["tunedHPOParams"]["algorithmHyperParameters"].keys() == {"bptt", "recency_mask"}
    assert version["solutionConfig"]["algorithmHyperParameters"] == {"hidden_dimension": "55"}

    # The publisher, which looks at intervals, writes the result.
    check_published(shop, outputs["HrnnResultParameter"], hrnn)

    # The same declaration deployed again trains nothing.
    again = shop.deploy(SOLUTIONS)
    assert "no changes" in again.stdout + again.stderr
    solutions = shop.personalize.list_solutions()["solutions"]
    assert len(solutions) == 2
    check_survival(shop, version["solutionArn"])

    # Destroying leaves neither stack nor solution.
    assert shop.cdk("destroy", SOLUTIONS, "--exclusively", "--force").returncode == 0
    assert shop.personalize.list_solutions()["solutions"] == []
    assert shop.personalize.list_dataset_groups()["datasetGroups"] == []
    assert SOLUTIONS not in shop.stacks()


def check_published(shop: Shop, parameter: str, arn: str) -> None:
    before = json.loads(shop.ssm.get_parameter(Name=parameter)["Parameter"]["Value"])
    assert before == {"solutionVersionArn": arn, "status": "CREATE IN_PROGRESS"}
    pages = shop.functions.get_paginator("list_functions").paginate()
    handlers = {one["FunctionName"]: one["Handler"] for page in pages for one in page["Functions"]}
    (name,) = [name for name, handler in handlers.items() if handler == PERSONALIZE_RESULT_HANDLER]
    payload = json.dumps({"solutionVersionArn": arn, "ParameterName": parameter})
    answer = json.loads(shop.functions.invoke(FunctionName=name, Payload=payload)["Payload"].read())
    assert answer == {"Published": True}
    published = json.loads(shop.ssm.get_parameter(Name=parameter)["Parameter"]["Value"])
    assert published["status"] == "ACTIVE"
    assert published["tunedHPOParams"] == shop.version(arn)["tunedHPOParams"]
    assert published["metrics"] == shop.personalize.get_solution_metrics(solutionVersionArn=arn)["metrics"]


def check_survival(shop: Shop, solution: str) -> None:
    """A version whose service is killed in mid-training goes on, and nothing is lost."""
    arn = shop.personalize.create_solution_version(solutionArn=solution, name="survivor")["solutionVersionArn"]
    wait_for(shop, arn, {"CREATE IN_PROGRESS"})
    shop.kill_endpoint()
    assert shop.version(arn)["name"] == "survivor"
    wait_for(shop, arn, {"ACTIVE", "CREATE FAILED"})
    survived = shop.version(arn)
    assert survived["status"] == "ACTIVE", survived.get("failureReason")
    assert survived["tunedHPOParams"]["algorithmHyperParameters"].keys() == {"bptt", "recency_mask"}


def wait_for(shop: Shop, arn: str, statuses: set[str]) -> None:
    deadline = time.monotonic() + 300
    while shop.version(arn)["status"] not in statuses:
        assert time.monotonic() < deadline, shop.version(arn)
        time.sleep(0.2)
