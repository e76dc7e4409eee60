"""What the roles of the handlers may do is what the handlers do: their calls on the local AWS are recorded here."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aws_cdk as cdk
import boto3
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template
from botocore.stub import Stubber

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
from infra.handlers import (
    best_training_job,
    clients,
    clock,
    contract,
    gpu_quota,
    image_build,
    personalize,
    personalize_result,
    result,
)
from infra.handlers.declaration import request_of
from infra.local.engine import EngineSettings
from infra.local.home import Home
from infra.local.personalize import PersonalizeService
from infra.local.service_quotas import ServiceQuotasService
from infra.recommender.generator import Settings, generate, write_csv
from tests.support.endpoint import client as endpoint_client
from tests.support.endpoint import serving
from tests.support.fake_aws import client
from tests.support.recorded_calls import CallRecorder, modules_with_calls, operations_in, operations_of
from tests.support.s3 import emulator
from tests.support.stepped_sagemaker import SteppedSageMaker, stepped_sagemaker
from tests.support.tuning_resource import NAME, declaration, deploy, event
from tests.unit.constructs_lib.tuning_job.samples import job_props

STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/Tuning/11111111-aaaa-bbbb-cccc-000000000001"
LOGGING = {"logs:CreateLogStream", "logs:PutLogEvents"}
# Actions that IAM cannot limit to a resource.
UNLIMITED = {
    "personalize:ListCampaigns",
    "servicequotas:ListAWSDefaultServiceQuotas",
    "servicequotas:ListRequestedServiceQuotaChangeHistoryByQuota",
    "servicequotas:ListServiceQuotas",
}
QUOTA_TYPE = {"ResourceType": contract.GPU_QUOTA_RESOURCE_TYPE}
QUOTA = "ml.p3.2xlarge for training job usage"
INTERACTIONS = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [{"name": name, "type": "string"} for name in ("USER_ID", "ITEM_ID", "EVENT_TYPE")]
    + [{"name": "TIMESTAMP", "type": "long"}],
    "version": "1.0",
}


class LocalAws:
    """The local AWS's services, and clients of them that are watched."""

    def __init__(self, url: str, endpoint_url: str) -> None:
        self.recorder = CallRecorder()
        self.url = url
        self.clients = {
            "sagemaker": client("sagemaker", not_mounted),
            "service_quotas": endpoint_client("service-quotas", endpoint_url),
            "personalize": endpoint_client("personalize", endpoint_url),
            **{name: general_client(name, url) for name in ("codebuild", "ecr", "sns", "ssm")},
        }
        for made in self.clients.values():
            self.recorder.watch(made)

    def client(self, service: str) -> Any:
        """A client of a general service that nobody watches."""
        return general_client(service, self.url)


def not_mounted(operation: str, _: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError(f"there is no SageMaker yet for {operation}")


@contextmanager
def sagemaker_of(aws: LocalAws) -> Iterator[SteppedSageMaker]:
    """A SageMaker for the time that a handler needs one: meanwhile no engine trains by itself."""
    with stepped_sagemaker() as made:
        assert client("sagemaker", made.call) is aws.clients["sagemaker"]
        yield made


def general_client(service: str, url: str) -> Any:
    make: Callable[..., Any] = boto3.session.Session("test", "test", region_name="us-east-1").client
    return make(service, endpoint_url=url)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
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
            yield LocalAws(url, endpoint_url)


@pytest.fixture(autouse=True)
def in_place_of_aws(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, made in aws.clients.items():
        monkeypatch.setattr(clients, name, lambda made=made: made)
    monkeypatch.setattr(clock, "sleep", lambda seconds: None)


def use_tuning_job(aws: LocalAws) -> None:
    with sagemaker_of(aws) as sagemaker:
        tagged = declaration(tags={"team": "mt"})
        deploy(event("Create", tagged))
        deploy(event("Update", declaration(tags={"cost": "1"}), OldResourceProperties=tagged, PhysicalResourceId=NAME))
        removed = event("Delete", {**declaration(), "DeletionBehavior": "Delete"}, PhysicalResourceId=NAME)
        deploy(removed)
        (job,) = sagemaker.jobs()
        sagemaker.step(job)
        deploy(removed)
        assert sagemaker.jobs() == []


def use_quota(aws: LocalAws) -> None:
    request = event("Create", {"QuotaName": QUOTA, "Instances": "2", "OnShortfall": "REQUEST_AND_WAIT"}, **QUOTA_TYPE)
    assert gpu_quota.is_complete({**request, **gpu_quota.on_event(request, None)}, None) == {"IsComplete": False}
    unknown = event("Create", {"QuotaName": "another", "Instances": "2", "OnShortfall": "FAIL"}, **QUOTA_TYPE)
    with pytest.raises(RuntimeError, match="SageMaker has no quota 'another'"):
        gpu_quota.on_event(unknown, None)


def use_result(aws: LocalAws) -> None:
    with sagemaker_of(aws) as sagemaker:
        sagemaker.call("CreateHyperParameterTuningJob", request_of(declaration("published")))
        (job,) = sagemaker.jobs()
        sagemaker.finish(job, "Completed")
        aws.client("ssm").put_parameter(Name="/p", Value="{}", Type="String")
        topic = aws.client("sns").create_topic(Name="ended")["TopicArn"]
        request = {"HyperParameterTuningJobName": job.name, "ParameterName": "/p", "TopicArn": topic}
        assert result.publish(request, None) == {"Published": True}


def use_best_training_job(aws: LocalAws) -> None:
    best = {"BestTrainingJob": {"TrainingJobName": "t", "TrainingJobArn": "arn"}}
    aws.client("ssm").put_parameter(Name="/best", Value=json.dumps(best), Type="String")
    assert (
        best_training_job.on_event(
            event("Create", {"ParameterName": "/best"}, ResourceType=contract.BEST_TRAINING_JOB_RESOURCE_TYPE), None
        )["PhysicalResourceId"]
        == "/best"
    )


def use_image_build(aws: LocalAws) -> None:
    # The emulator keeps a record of a build and builds nothing. Of an image that is not there it does not say so, as
    # AWS does: that answer is checked against botocore's model alone.
    aws.client("codebuild").create_project(
        name="project",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "image", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::000000000000:role/build",
    )
    properties = {"ProjectName": "project", "RepositoryName": "own", "ImageTag": "1"}
    request = event("Create", properties, ResourceType=contract.IMAGE_BUILD_RESOURCE_TYPE)
    with Stubber(aws.clients["ecr"]) as stubber:
        stubber.add_client_error("describe_images", "ImageNotFoundException")
        planned = {**request, **image_build.on_event(request, None)}
    image_build.is_complete(planned, None)


def use_personalize(aws: LocalAws) -> None:
    made = {}
    tagged = {"name": "shop", "tags": {"team": {"tagValue": "a"}}}
    made["DatasetGroup"], group = personalize_request("DatasetGroup", "Create", tagged)
    personalize_update("DatasetGroup", made["DatasetGroup"], tagged, {**tagged, "tags": {"cost": {"tagValue": "1"}}})
    made["Schema"], schema = personalize_request("Schema", "Create", name="schema", schema=json.dumps(INTERACTIONS))
    events = {"name": "events", "datasetGroupArn": group, "schemaArn": schema, "datasetType": "INTERACTIONS"}
    made["Dataset"], dataset = personalize_request("Dataset", "Create", events)
    next_schema, schema = personalize_request("Schema", "Create", name="next", schema=json.dumps(INTERACTIONS))
    personalize_update("Dataset", made["Dataset"], events, {**events, "schemaArn": schema})
    role = "arn:aws:iam::000000000000:role/personalize"
    source = {"dataLocation": "s3://events/events.csv"}
    personalize_request(
        "DatasetImportJob", "Create", jobName="import", datasetArn=dataset, dataSource=source, roleArn=role
    )
    for recipe in ("popularity-count", "hrnn"):
        declared = solution_of(recipe, group)
        made[recipe], solution = personalize_request("Solution", "Create", declared)
        version = {"solutionArn": solution, "trainingMode": "FULL"}
        # The second one trains for longer than it takes to ask it to stop.
        waits = recipe == "popularity-count"
        physical_id, _ = personalize_request("SolutionVersion", "Create", version, waits=waits)
        personalize_request("SolutionVersion", "Delete", version, PhysicalResourceId=physical_id)
        personalize_request("Solution", "Delete", declared, PhysicalResourceId=made[recipe])
    personalize_request("Dataset", "Delete", {"datasetGroupArn": group}, PhysicalResourceId=made["Dataset"])
    personalize_request("Schema", "Delete", PhysicalResourceId=next_schema)
    for kind in ("Schema", "DatasetGroup"):
        personalize_request(kind, "Delete", {"datasetGroupArn": group}, PhysicalResourceId=made[kind])


def use_solution_result(aws: LocalAws) -> None:
    _, group = personalize_request("DatasetGroup", "Create", name="published")
    _, schema = personalize_request("Schema", "Create", name="published", schema=json.dumps(INTERACTIONS))
    events = {"name": "events", "datasetGroupArn": group, "schemaArn": schema, "datasetType": "INTERACTIONS"}
    _, dataset = personalize_request("Dataset", "Create", events)
    source = {"dataLocation": "s3://events/events.csv"}
    role = "arn:aws:iam::000000000000:role/personalize"
    imported = {"jobName": "published", "datasetArn": dataset, "dataSource": source, "roleArn": role}
    personalize_request("DatasetImportJob", "Create", imported)
    _, solution = personalize_request("Solution", "Create", solution_of("popularity-count", group))
    _, version = personalize_request("SolutionVersion", "Create", solutionArn=solution, trainingMode="FULL")
    aws.client("ssm").put_parameter(Name="/version", Value="{}", Type="String")
    topic = aws.client("sns").create_topic(Name="trained")["TopicArn"]
    # The calls that made the version are another handler's.
    aws.recorder.take()
    request = {"solutionVersionArn": version, "ParameterName": "/version", "TopicArn": topic}
    assert personalize_result.publish(request, None) == {"Published": True}


def solution_of(recipe: str, group: str) -> dict[str, Any]:
    return {"name": recipe, "datasetGroupArn": group, "recipeArn": f"arn:aws:personalize:::recipe/aws-{recipe}"}


def personalize_update(kind: str, physical_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    personalize_request(kind, "Update", new, PhysicalResourceId=physical_id, OldResourceProperties=old)


def personalize_request(
    kind: str,
    what: str,
    declared: dict[str, Any] | None = None,
    *,
    waits: bool = True,
    PhysicalResourceId: str | None = None,  # noqa: N803 - as in the request
    OldResourceProperties: dict[str, Any] | None = None,  # noqa: N803
    **properties: Any,
) -> tuple[str, str]:
    """A request to the handler as the provider framework makes it; the physical id and the ARN."""
    request = event(what, {**({} if declared is None else declared), **properties}, LogicalResourceId=kind)
    request |= {"ResourceType": f"Custom::Personalize{kind}", "RequestId": uuid.uuid4().hex, "StackId": STACK}
    if PhysicalResourceId is not None:
        request["PhysicalResourceId"] = PhysicalResourceId
    if OldResourceProperties is not None:
        request["OldResourceProperties"] = OldResourceProperties
    planned = {**request, **personalize.on_event(request, None)}
    done = personalize.is_complete(planned, None)
    while waits and not done["IsComplete"]:
        time.sleep(0.05)
        done = personalize.is_complete(planned, None)
    return str(planned["PhysicalResourceId"]), str(done.get("Data", {}).get("Arn", ""))


@dataclass(frozen=True)
class Handler:
    """A handler with a role."""

    use: Callable[[LocalAws], None]
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
    aws: LocalAws, statements: dict[str, list[dict[str, Any]]], role: str
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
