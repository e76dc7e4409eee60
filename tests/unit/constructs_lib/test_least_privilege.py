"""What the roles of the handlers may do is what the handlers do: each call of theirs is made and recorded here."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from constructs_lib import BestModel, GpuTrainingQuota, HyperParameterTuningJob, OnShortfall
from infra.handlers import best_training_job, clients, clock, contract, gpu_quota, result
from tests.support.fake_aws import FakeParameters, FakeSageMaker, FakeServiceQuotas, FakeTopics, client
from tests.support.tuning_resource import NAME, declaration, deploy, event, owned
from tests.unit.constructs_lib.tuning_job.samples import job_props

HANDLERS = Path(contract.__file__).parent
LOGGING = {"logs:CreateLogStream", "logs:PutLogEvents"}

# What a call needs beside the action of its own name.
IMPLIED = {
    "sagemaker:CreateHyperParameterTuningJob": {"sagemaker:AddTags", "iam:PassRole"},
    "servicequotas:RequestServiceQuotaIncrease": {"iam:CreateServiceLinkedRole"},
}
# Actions that IAM cannot limit to a resource.
UNLIMITED = {
    "servicequotas:ListAWSDefaultServiceQuotas",
    "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
    "servicequotas:ListServiceQuotas",
}
OTHERS = ("personalize", "image_build")  # their roles have tests of their own
QUOTA = "ml.p3.2xlarge for training job usage"


class Recorder:
    """The calls that handlers make, as IAM's actions."""

    def __init__(self) -> None:
        self.actions: set[str] = set()

    def client(self, service: str, prefix: str, call: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Any:
        def recorded(operation: str, request: dict[str, Any]) -> dict[str, Any]:
            self.actions.add(f"{prefix}:{operation}")
            return call(operation, request)

        return client(service, recorded)

    def take(self) -> set[str]:
        """What was recorded since the last time, with what it implies."""
        taken, self.actions = self.actions, set()
        return taken.union(*(IMPLIED.get(action, set()) for action in taken))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    recorder = Recorder()
    world = SimpleNamespace(
        recorder=recorder,
        sagemaker=FakeSageMaker(),
        parameters=FakeParameters({"/p": "{}"}),
        topics=FakeTopics(),
        quotas=FakeServiceQuotas(
            applied=[{"QuotaName": "other", "Value": 1, "QuotaCode": "L-1", "Adjustable": True}],
            defaults=[{"QuotaName": QUOTA, "Value": 1, "QuotaCode": "L-2", "Adjustable": True}],
        ),
    )
    for name, service, prefix, fake in (
        ("sagemaker", "sagemaker", "sagemaker", world.sagemaker),
        ("service_quotas", "service-quotas", "servicequotas", world.quotas),
        ("ssm", "ssm", "ssm", world.parameters),
        ("sns", "sns", "sns", world.topics),
    ):
        made = recorder.client(service, prefix, fake.call)
        monkeypatch.setattr(clients, name, lambda made=made: made)
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)
    return world


def use_tuning_job(world: SimpleNamespace) -> None:
    tagged = declaration(tags={"team": "mt"})
    deploy(event("Create", tagged))
    deploy(event("Update", declaration(tags={"cost": "1"}), OldResourceProperties=tagged, PhysicalResourceId=NAME))
    removed = event("Delete", {**declaration(), "DeletionBehavior": "Delete"}, PhysicalResourceId=NAME)
    deploy(removed)
    world.sagemaker.jobs[NAME]["status"] = "Stopped"
    deploy(removed)


def use_quota(world: SimpleNamespace) -> None:
    request = event("Create", {"QuotaName": QUOTA, "Instances": "2", "OnShortfall": "REQUEST_AND_WAIT"})
    gpu_quota.is_complete({**request, **gpu_quota.on_event(request, None)}, None)


def use_result(world: SimpleNamespace) -> None:
    world.sagemaker.add(NAME, "Completed", owned())
    best = {"TrainingJobName": "t", "TrainingJobArn": "arn"}
    world.sagemaker.jobs[NAME]["described"] = {"BestTrainingJob": best}
    world.sagemaker.training_jobs["t"] = {"AlgorithmSpecification": {"TrainingInputMode": "File"}}
    result.publish({"HyperParameterTuningJobName": NAME, "ParameterName": "/p", "TopicArn": "arn:aws:sns:x:y:z"}, None)


def use_best_training_job(world: SimpleNamespace) -> None:
    with contextlib.suppress(RuntimeError):  # there may be no result yet
        best_training_job.on_event(event("Create", {"ParameterName": "/p"}), None)


USES = {
    "TuningJobProviderRole": use_tuning_job,
    "GpuQuotaProviderRole": use_quota,
    "TuningResultPublisherRole": use_result,
    "BestTrainingJobProviderRole": use_best_training_job,
}


@pytest.fixture(scope="module")
def statements() -> dict[str, list[dict[str, Any]]]:
    """The statements of each handler's role."""
    stack = cdk.Stack(cdk.App(), "Tuning")
    job = HyperParameterTuningJob(stack, "Job", **job_props())
    published = job.publish_result(topic=sns.Topic(stack, "Topic"))
    GpuTrainingQuota.for_jobs(stack, "Quota", on_shortfall=OnShortfall.REQUEST_AND_WAIT)
    role = iam.Role(stack, "ModelRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    BestModel(stack, "Model", result=published, role=role)
    policies = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    return {
        role: [
            statement
            for policy in policies
            if any(attached["Ref"].startswith(role) for attached in policy["Properties"]["Roles"])
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        ]
        for role in USES
    }


def actions(statement: dict[str, Any]) -> list[str]:
    found = statement["Action"]
    return [found] if isinstance(found, str) else found


@pytest.mark.parametrize("role", USES)
def test_a_role_allows_what_its_handler_calls_and_nothing_else(
    world: SimpleNamespace, statements: dict[str, list[dict[str, Any]]], role: str
) -> None:
    USES[role](world)

    called = world.recorder.take() | LOGGING
    allowed = {action for statement in statements[role] for action in actions(statement)}
    assert {"missing": called - allowed, "unused": allowed - called} == {"missing": set(), "unused": set()}


def test_every_call_that_the_handlers_code_has_is_made_above(world: SimpleNamespace) -> None:
    for use in USES.values():
        use(world)

    made = {action.partition(":")[2] for action in world.recorder.actions}
    assert {_camel(name) for name in calls_in_code()} == {name.lower() for name in made}


def calls_in_code() -> Iterator[str]:
    """Methods of clients, and paginated operations, that stand in the handlers of this module's roles."""
    for file in HANDLERS.glob("*.py"):
        if file.name.startswith(OTHERS):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = ast.unparse(node.func.value)
            if re.fullmatch(r"self\._client|clients\.\w+\(\)", owner) is None:
                continue
            if node.func.attr != "get_paginator":
                yield node.func.attr
            elif isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
            else:
                yield from ("list_service_quotas", "list_aws_default_service_quotas")


def _camel(name: str) -> str:
    return name.replace("_", "")


@pytest.mark.parametrize("role", USES)
def test_wildcards_stand_only_where_iam_has_no_resources(
    statements: dict[str, list[dict[str, Any]]], role: str
) -> None:
    for statement in statements[role]:
        assert all("*" not in action for action in actions(statement))
        assert statement["Effect"] == "Allow"
        if statement["Resource"] == "*":
            assert set(actions(statement)) <= UNLIMITED


def test_roles_are_passed_to_sagemaker_alone(statements: dict[str, list[dict[str, Any]]]) -> None:
    passes = [each for found in statements.values() for each in found if "iam:PassRole" in actions(each)]

    assert [each["Condition"] for each in passes] == [
        {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    ]
    assert not any(fnmatchcase(str(each["Resource"]), "*[*]*") for each in passes)
