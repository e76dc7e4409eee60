"""A tuning job's end on the local AWS: its event fires the rule, the function writes the result, the topic tells it.

Nothing here is invoked by hand. The rule's own interval is an hour, so it is the event that has to do it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from constructs_lib import HyperParameterTuningJob
from infra.local.clients import local_client
from infra.local.engine.training.images import register_image
from infra.local.home import Home
from infra.local.state import LocalState
from infra.local.up import down, up
from tests.support.small_search import small_search

ROOT = Path(__file__).parents[2]
STACK, BUCKET = "published", "published-results"

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def build(folder: Path) -> None:
    """One job that completes and one that fails, with one topic for both ends and a queue that hears it."""
    app = cdk.App(outdir=str(folder), analytics_reporting=False)
    stack = cdk.Stack(app, STACK)
    topic = sns.Topic(stack, "Topic")
    queue = sqs.Queue(stack, "Queue")
    topic.add_subscription(subscriptions.SqsSubscription(queue))
    cdk.CfnOutput(stack, "QueueUrl", value=queue.queue_url)
    for name, image in (("Good", "good"), ("Bad", "bad")):
        job = HyperParameterTuningJob.from_request(stack, name, small_search(BUCKET, image=image, jobs=2))
        job.publish_result(topic=topic)
    app.synth()


@dataclass
class Deployed:
    state: LocalState

    def client(self, service: Any) -> Any:
        return local_client(self.state, service)

    def result(self, job: str) -> dict[str, Any]:
        """The parameter of a job, once the job has ended."""
        deadline = time.monotonic() + 120
        while True:
            value = self.client("ssm").get_parameter(Name=f"/tuning/{STACK}/{job}")["Parameter"]["Value"]
            result: dict[str, Any] = json.loads(value)
            if result["HyperParameterTuningJobStatus"] != "InProgress":
                return result
            assert time.monotonic() < deadline, f"the result of {job} is not published"
            time.sleep(0.2)

    def messages(self, number: int) -> dict[str, Any]:
        """What the topic told its queue, by the subject."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        (url,) = [one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == "QueueUrl"]
        found: dict[str, Any] = {}
        deadline = time.monotonic() + 60
        while len(found) < number:
            assert time.monotonic() < deadline, found
            for message in self.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
                told = json.loads(message["Body"])
                found[told["Subject"]] = json.loads(told["Message"])
                self.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("published")
    home = Home(folder / "home").create()
    # A rule is made after its job, and an end before that is found at the interval only: so the programs wait for it.
    gate = folder / "deployed"
    wait = f"until [ -e '{gate}' ]; do sleep 0.1; done"
    register_image(home, "good", ["sh", "-c", f"{wait}; echo weights > $SM_MODEL_DIR/weights; echo loss=$SM_HP_RATE"])
    register_image(home, "bad", ["sh", "-c", f"{wait}; exit 3"])
    build(folder / "assembly")
    state, _ = up(home)
    try:
        local_client(state, "s3").create_bucket(Bucket=BUCKET)
        local_client(state, "s3").put_object(Bucket=BUCKET, Key="train/data", Body=b"1")
        command = [sys.executable, "-m", "infra.cli", "local", "cdk", "--", "deploy", "--require-approval", "never"]
        environment = {**os.environ, "TUNING_HOME": str(home.path), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [*command, "--app", str(folder / "assembly")], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        gate.touch()
        yield Deployed(state)
    finally:
        down(home)


def test_the_end_of_a_job_publishes_its_result(deployed: Deployed) -> None:
    result = deployed.result("Good")
    name = result["HyperParameterTuningJobName"]
    sagemaker = deployed.client("sagemaker")
    job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert result["HyperParameterTuningJobStatus"] == job["HyperParameterTuningJobStatus"] == "Completed"
    assert result["TrainingJobStatusCounters"]["Completed"] == 2
    best, expected = result["BestTrainingJob"], job["BestTrainingJob"]
    assert best["TrainingJobName"] == expected["TrainingJobName"]
    assert best["ObjectiveMetric"] == expected["FinalHyperParameterTuningJobObjectiveMetric"]
    assert best["ObjectiveMetric"]["Value"] == pytest.approx(float(best["TunedHyperParameters"]["rate"]))
    bucket, _, key = best["S3ModelArtifacts"].removeprefix("s3://").partition("/")
    assert deployed.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] > 0


def test_a_job_that_fails_is_published_as_such_and_the_topic_hears_of_both(deployed: Deployed) -> None:
    good, bad = deployed.result("Good"), deployed.result("Bad")
    assert bad["HyperParameterTuningJobStatus"] == "Failed"
    assert bad["BestTrainingJob"] is None
    assert bad["FailureReason"].startswith("No training job succeeded")
    assert deployed.messages(2) == {
        f"Tuning job {good['HyperParameterTuningJobName']}: Completed": good,
        f"Tuning job {bad['HyperParameterTuningJobName']}: Failed": bad,
    }
