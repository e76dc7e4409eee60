"""What the roles of the handlers may do is what the handlers do: their calls on the local AWS are recorded here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from constructs_lib import (
    BestModel,
    GpuTrainingQuota,
    HyperParameterTuningJob,
    OnShortfall,
    Seq2SeqImageBuild,
    Seq2SeqRepository,
)
from constructs_lib.personalize import (
    PersonalizeDataset,
    PersonalizeDatasetGroup,
    PersonalizeDatasetImport,
    PersonalizeRecipe,
    PersonalizeSchema,
    PersonalizeSolution,
)
from infra.handlers import clients, clock
from infra.local.engine import EngineSettings
from infra.local.home import Home
from infra.local.personalize import PersonalizeService
from infra.local.service_quotas import ServiceQuotasService
from infra.recommender.generator import Settings, generate, write_csv
from tests.support.endpoint import serving
from tests.support.handler_uses import (
    use_best_training_job,
    use_image_build,
    use_personalize,
    use_quota,
    use_result,
    use_solution_result,
    use_tuning_job,
)
from tests.support.recorded_calls import modules_with_calls, operations_in, operations_of
from tests.support.s3 import emulator
from tests.support.watched_aws import WatchedAws, general_client
from tests.unit.constructs_lib.tuning_job.samples import job_props

LOGGING = {"logs:CreateLogStream", "logs:PutLogEvents"}
# Actions that IAM cannot limit to a resource.
UNLIMITED = {
    "personalize:ListCampaigns",
    "servicequotas:ListAWSDefaultServiceQuotas",
    "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
    "servicequotas:ListServiceQuotas",
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedAws]:
    folder = tmp_path_factory.mktemp("local-aws")
    with emulator(folder) as url:
        bucket = general_client("s3", url)
        bucket.create_bucket(Bucket="events")
        write_csv(generate(Settings(events=1500, users=60, items=20, categories=3)), folder / "events.csv")
        bucket.upload_file(str(folder / "events.csv"), "events", "events.csv")
        engine = EngineSettings(stop_grace=1.0, close_grace=1.0, poll=0.02, cores=1)
        service = PersonalizeService(Home(folder / "home").create(), s3=bucket, region="us-east-1", settings=engine)
        quotas = ServiceQuotasService(Home(folder / "quotas").create(), grant_after=timedelta(hours=1))
        with serving(service, quotas) as endpoint_url:
            yield WatchedAws(url, endpoint_url)


@pytest.fixture(autouse=True)
def in_place_of_aws(aws: WatchedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, made in aws.clients.items():
        monkeypatch.setattr(clients, name, lambda made=made: made)
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)


@dataclass(frozen=True)
class Handler:
    """A handler with a role."""

    use: Callable[[WatchedAws], None]
    """Makes each of its calls."""

    modules: tuple[str, ...]
    """Where they stand."""

    borrowed: frozenset[str] = frozenset()
    """Those of its calls that stand in another handler's module."""


HANDLERS = {
    "BestTrainingJobProviderRole": Handler(use_best_training_job, ("best_training_job",)),
    "GpuQuotaProviderRole": Handler(use_quota, ("quotas",)),
    "ImageBuildProviderRole": Handler(use_image_build, ("image_build",)),
    "PersonalizeProviderRole": Handler(use_personalize, ("personalize_api", "personalize_data")),
    "SolutionResultPublisherRole": Handler(
        use_solution_result, ("publishing",), borrowed=frozenset({"describesolutionversion", "getsolutionmetrics"})
    ),
    "TuningJobProviderRole": Handler(use_tuning_job, ("jobs",)),
    "TuningResultPublisherRole": Handler(use_result, ("result", "publishing")),
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
    Seq2SeqImageBuild(stack, "Build", repository=Seq2SeqRepository(stack, "Repository"))
    declare_solution(stack)
    template = Template.from_stack(stack)
    roles = [name for name in template.find_resources("AWS::IAM::Role") if handler_of(name) is not None]
    policies = template.find_resources("AWS::IAM::Policy").values()
    found: dict[str, list[dict[str, Any]]] = {str(handler_of(role)): [] for role in roles}
    for policy in policies:
        for attached in policy["Properties"]["Roles"]:
            handler = handler_of(attached["Ref"])
            if handler is not None:
                found[handler] += policy["Properties"]["PolicyDocument"]["Statement"]
    return found


def handler_of(role: str) -> str | None:
    """The handler that a logical id of a role belongs to; CDK's framework has roles of its own."""
    match = re.match(r"\w+(Provider|Publisher)Role(?=[0-9A-F]{8})", role)
    return None if match is None else match[0]


def declare_solution(stack: cdk.Stack) -> None:
    group = PersonalizeDatasetGroup(stack, "Shop")
    dataset = PersonalizeDataset(
        stack, "Events", dataset_group=group, schema=PersonalizeSchema.interactions(stack, "Schema")
    )
    imported = PersonalizeDatasetImport(
        stack, "Import", dataset=dataset, bucket=s3.Bucket(stack, "Data"), key_prefix="x"
    )
    solution = PersonalizeSolution(
        stack,
        "Solution",
        dataset_group=group,
        dataset_imports=[imported],
        recipe=PersonalizeRecipe.HRNN,
        perform_auto_ml=False,
        perform_hpo=False,
    )
    solution.publish_result(topic=sns.Topic(stack, "Trained"))


def actions(statement: dict[str, Any]) -> list[str]:
    found = statement["Action"]
    return [found] if isinstance(found, str) else found


def test_every_handlers_role_is_looked_at(statements: dict[str, list[dict[str, Any]]]) -> None:
    assert statements.keys() == HANDLERS.keys()
    assert {module for handler in HANDLERS.values() for module in handler.modules} == modules_with_calls()


@pytest.mark.parametrize("role", HANDLERS)
def test_a_role_allows_what_its_handler_calls_and_nothing_else(
    aws: WatchedAws, statements: dict[str, list[dict[str, Any]]], role: str
) -> None:
    handler = HANDLERS[role]
    aws.recorder.take()
    handler.use(aws)

    called = aws.recorder.take()
    assert operations_of(called) == operations_in(*handler.modules) | handler.borrowed
    needed = aws.recorder.needed(called) | LOGGING
    allowed = {action for statement in statements[role] for action in actions(statement)}
    assert {"missing": needed - allowed, "unused": allowed - needed} == {"missing": set(), "unused": set()}


@pytest.mark.parametrize("role", HANDLERS)
def test_wildcards_stand_only_where_iam_has_no_resources(
    statements: dict[str, list[dict[str, Any]]], role: str
) -> None:
    for statement in statements[role]:
        assert all("*" not in action for action in actions(statement))
        assert statement["Effect"] == "Allow"
        if statement["Resource"] == "*":
            assert set(actions(statement)) <= UNLIMITED


def test_roles_are_passed_to_one_service_alone(statements: dict[str, list[dict[str, Any]]]) -> None:
    passes = {
        role: (each["Condition"], each["Resource"])
        for role, found in statements.items()
        for each in found
        if "iam:PassRole" in actions(each)
    }

    assert {role: condition for role, (condition, _) in passes.items()} == {
        "PersonalizeProviderRole": {"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}},
        "TuningJobProviderRole": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    }
    assert not any("*" in str(resource) for _, resource in passes.values())
