"""Templates that somebody edited, deployed to the local AWS: what an operator reads, and that nothing starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from botocore.exceptions import WaiterError

from constructs_lib import GpuTrainingQuota, HyperParameterTuningJob, OnShortfall
from infra.local.clients import local_client
from infra.local.engine.training.images import register_image
from infra.local.home import Home
from infra.local.state import LocalState
from infra.local.up import down, up
from tests.support.small_search import small_search

ROOT = Path(__file__).parents[2]
BUCKET = "edited-channels"
STACK, JOB = "edited", "Custom::HyperParameterTuningJob"
A_MEGABYTE = 900_000
"""As much of it as a template has room for, which CloudFormation itself limits to 1 MB."""

UNFIT = "the declaration does not fit CreateHyperParameterTuningJob: "

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

Template = dict[str, Any]


class Operator:
    """A machine with the CDK CLI, a local AWS, and a stack whose tuning job has lost its role."""

    def __init__(self, folder: Path, home: Home, state: LocalState) -> None:
        self._home, self._assembly = home, folder / "cdk.out"
        self.sagemaker, self.cloudformation = local_client(state, "sagemaker"), local_client(state, "cloudformation")
        self._s3 = local_client(state, "s3")
        self._s3.create_bucket(Bucket=BUCKET)
        self._s3.put_object(Bucket=BUCKET, Key="train/x", Body=b"x")
        register_image(home, "program", [sys.executable, "-c", "print('loss=1')"])
        app = cdk.App(outdir=str(self._assembly), analytics_reporting=False)
        stack = cdk.Stack(app, STACK)
        HyperParameterTuningJob.from_request(stack, "Job", small_search(BUCKET, jobs=20))
        GpuTrainingQuota.for_jobs(stack, "Quota", on_shortfall=OnShortfall.WARN)
        app.synth()
        self.template: Template = json.loads(self._file.read_text())
        self.first = self._deploy_without_role()

    @property
    def _file(self) -> Path:
        return self._assembly / f"{STACK}.template.json"

    def _deploy_without_role(self) -> str:
        """The CLI's words; what was created before the job stays, so that its functions can be used."""
        edited = json.loads(self._file.read_text())
        del properties(edited)["TrainingJobDefinition"]["RoleArn"]
        self._file.write_text(json.dumps(edited))
        command = [sys.executable, "-m", "infra.cli", "local", "cdk", "--", "deploy", STACK, "--no-rollback"]
        options = ["--app", str(self._assembly), "--require-approval", "never"]
        environment = {**os.environ, "TUNING_HOME": str(self._home.path), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        return done.stdout + done.stderr

    def service_token(self, part: str) -> str:
        """The ARN of a provider's first function."""
        names = [
            each["PhysicalResourceId"]
            for each in self.cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
            if each["LogicalResourceId"].startswith(f"{part}framework") and "onEvent" in each["LogicalResourceId"]
            if each["ResourceType"] == "AWS::Lambda::Function"
        ]
        (name,) = names
        return f"arn:aws:lambda:us-east-1:000000000000:function:{name}"

    def deploy(self, name: str, job: dict[str, Any]) -> str:
        """A stack with this resource alone; why it could not be created, as CloudFormation's events say it."""
        template = json.dumps({"Resources": {"Job": job}}, ensure_ascii=False)
        self._s3.put_object(Bucket=BUCKET, Key=name, Body=template.encode())
        url = f"{self._s3.meta.endpoint_url}/{BUCKET}/{name}"
        self.cloudformation.create_stack(StackName=name, TemplateURL=url)
        with pytest.raises(WaiterError, match="ROLLBACK_COMPLETE"):
            self.cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        events = self.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        (reason,) = [
            event["ResourceStatusReason"]
            for event in events
            if (event["ResourceStatus"], event["LogicalResourceId"]) == ("CREATE_FAILED", "Job")
        ]
        return str(reason)


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    folder = tmp_path_factory.mktemp("operator")
    home = Home(folder / "home")
    state, _ = up(home)
    try:
        yield Operator(folder, home, state)
    finally:
        down(home)


def properties(template: Template) -> dict[str, Any]:
    """The tuning job's."""
    (job,) = [each for each in template["Resources"].values() if each["Type"] == JOB]
    found: dict[str, Any] = job["Properties"]
    return found


def test_the_cli_shows_which_property_is_missing(operator: Operator) -> None:
    message = f"{UNFIT}TrainingJobDefinition.RoleArn must be given (log group "

    assert message in " ".join(operator.first.split())
    assert tuning_jobs(operator) == []


CONFIG = "HyperParameterTuningJobConfig"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (f"{CONFIG}.Stratgy", "x", f"{UNFIT}{CONFIG}.Stratgy is not a member of the request; did you mean Strategy?"),
        (
            f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs",
            "two",
            f"{UNFIT}{CONFIG}.ResourceLimits.MaxParallelTrainingJobs must be a whole number, got 'two'",
        ),
        ("Tags", "translation", f"{UNFIT}Tags must be a map by Key, or a list, got 'translation'"),
        ("Environment", "x" * A_MEGABYTE, f"{UNFIT}Environment is not a member of the request"),
        (
            f"{CONFIG}.ResourceLimits.MaxParallelTrainingJobs",
            "x" * A_MEGABYTE,
            f"{UNFIT}{CONFIG}.ResourceLimits.MaxParallelTrainingJobs must be a whole number, got 'xxx",
        ),
        (
            "HyperParameterTuningJobName",
            "übersetzer-☃",
            "HyperParameterTuningJobName must be 1 to 32 letters, digits and inner hyphens, got 'übersetzer-☃'",
        ),
        (
            "ServiceToken",
            "GpuQuotaProvider",
            f"ServiceToken names the function for Custom::GpuTrainingQuota, and the resource is a '{JOB}'",
        ),
    ],
    ids=["unknown", "wrong-type", "wrong-shape", "unknown-megabyte", "wrong-megabyte", "unicode", "other-token"],
)
def test_the_event_says_which_property_it_is_and_nothing_starts(
    operator: Operator, path: str, value: str, message: str
) -> None:
    declared = json.loads(json.dumps(properties(operator.template)))
    declared["ServiceToken"] = operator.service_token("TuningJobProvider")
    *parents, last = path.split(".")
    here = declared
    for parent in parents:
        here = here[parent]
    here[last] = operator.service_token(value) if last == "ServiceToken" else value

    reason = operator.deploy(f"edited-{uuid.uuid4().hex}", {"Type": JOB, "Properties": declared})

    print(reason)
    assert message in reason
    assert "(log group " in reason
    assert len(reason.encode()) < 4096
    assert tuning_jobs(operator) == []


def tuning_jobs(operator: Operator) -> list[Any]:
    return list(operator.sagemaker.list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"])
