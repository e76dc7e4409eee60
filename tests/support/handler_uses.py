"""Each handler with a role, used so that it makes all of its calls."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
from botocore.stub import Stubber

from infra.handlers import (
    best_training_job,
    contract,
    gpu_quota,
    image_build,
    personalize,
    personalize_result,
    result,
)
from infra.handlers.declaration import request_of
from tests.support.personalize import INTERACTIONS
from tests.support.tuning_resource import NAME, declaration, deploy, event
from tests.support.watched_aws import WatchedAws, sagemaker_of

STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/Tuning/11111111-aaaa-bbbb-cccc-000000000001"
QUOTA_TYPE = {"ResourceType": contract.GPU_QUOTA_RESOURCE_TYPE}
QUOTA = "ml.p3.2xlarge for training job usage"


def use_tuning_job(aws: WatchedAws) -> None:
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


def use_quota(aws: WatchedAws) -> None:
    request = event("Create", {"QuotaName": QUOTA, "Instances": "2", "OnShortfall": "REQUEST_AND_WAIT"}, **QUOTA_TYPE)
    assert gpu_quota.is_complete({**request, **gpu_quota.on_event(request, None)}, None) == {"IsComplete": False}
    unknown = event("Create", {"QuotaName": "another", "Instances": "2", "OnShortfall": "FAIL"}, **QUOTA_TYPE)
    with pytest.raises(RuntimeError, match="SageMaker has no quota 'another'"):
        gpu_quota.on_event(unknown, None)


def use_result(aws: WatchedAws) -> None:
    with sagemaker_of(aws) as sagemaker:
        sagemaker.call("CreateHyperParameterTuningJob", request_of(declaration("published")))
        (job,) = sagemaker.jobs()
        sagemaker.finish(job, "Completed")
        aws.client("ssm").put_parameter(Name="/p", Value="{}", Type="String")
        topic = aws.client("sns").create_topic(Name="ended")["TopicArn"]
        request = {"HyperParameterTuningJobName": job.name, "ParameterName": "/p", "TopicArn": topic}
        assert result.publish(request, None) == {"Published": True}


def use_best_training_job(aws: WatchedAws) -> None:
    best = {"BestTrainingJob": {"TrainingJobName": "t", "TrainingJobArn": "arn"}}
    aws.client("ssm").put_parameter(Name="/best", Value=json.dumps(best), Type="String")
    assert (
        best_training_job.on_event(
            event("Create", {"ParameterName": "/best"}, ResourceType=contract.BEST_TRAINING_JOB_RESOURCE_TYPE), None
        )["PhysicalResourceId"]
        == "/best"
    )


def use_image_build(aws: WatchedAws) -> None:
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


def use_personalize(aws: WatchedAws) -> None:
    made = {}
    tagged = {"name": "shop", "tags": {"team": {"tagValue": "a"}}}
    made["DatasetGroup"], group = _request("DatasetGroup", "Create", tagged)
    _update("DatasetGroup", made["DatasetGroup"], tagged, {**tagged, "tags": {"cost": {"tagValue": "1"}}})
    made["Schema"], schema = _request("Schema", "Create", name="schema", schema=json.dumps(INTERACTIONS))
    events = {"name": "events", "datasetGroupArn": group, "schemaArn": schema, "datasetType": "INTERACTIONS"}
    made["Dataset"], dataset = _request("Dataset", "Create", events)
    next_schema, schema = _request("Schema", "Create", name="next", schema=json.dumps(INTERACTIONS))
    _update("Dataset", made["Dataset"], events, {**events, "schemaArn": schema})
    role = "arn:aws:iam::000000000000:role/personalize"
    source = {"dataLocation": "s3://events/events.csv"}
    _request("DatasetImportJob", "Create", jobName="import", datasetArn=dataset, dataSource=source, roleArn=role)
    for recipe in ("popularity-count", "hrnn"):
        declared = _solution_of(recipe, group)
        made[recipe], solution = _request("Solution", "Create", declared)
        version = {"solutionArn": solution, "trainingMode": "FULL"}
        # The second one trains for longer than it takes to ask it to stop.
        waits = recipe == "popularity-count"
        physical_id, _ = _request("SolutionVersion", "Create", version, waits=waits)
        _request("SolutionVersion", "Delete", version, PhysicalResourceId=physical_id)
        _request("Solution", "Delete", declared, PhysicalResourceId=made[recipe])
    _request("Dataset", "Delete", {"datasetGroupArn": group}, PhysicalResourceId=made["Dataset"])
    _request("Schema", "Delete", PhysicalResourceId=next_schema)
    for kind in ("Schema", "DatasetGroup"):
        _request(kind, "Delete", {"datasetGroupArn": group}, PhysicalResourceId=made[kind])


def use_solution_result(aws: WatchedAws) -> None:
    _, group = _request("DatasetGroup", "Create", name="published")
    _, schema = _request("Schema", "Create", name="published", schema=json.dumps(INTERACTIONS))
    events = {"name": "events", "datasetGroupArn": group, "schemaArn": schema, "datasetType": "INTERACTIONS"}
    _, dataset = _request("Dataset", "Create", events)
    source = {"dataLocation": "s3://events/events.csv"}
    role = "arn:aws:iam::000000000000:role/personalize"
    imported = {"jobName": "published", "datasetArn": dataset, "dataSource": source, "roleArn": role}
    _request("DatasetImportJob", "Create", imported)
    _, solution = _request("Solution", "Create", _solution_of("popularity-count", group))
    _, version = _request("SolutionVersion", "Create", solutionArn=solution, trainingMode="FULL")
    aws.client("ssm").put_parameter(Name="/version", Value="{}", Type="String")
    topic = aws.client("sns").create_topic(Name="trained")["TopicArn"]
    # The calls that made the version are another handler's.
    aws.recorder.take()
    request = {"solutionVersionArn": version, "ParameterName": "/version", "TopicArn": topic}
    assert personalize_result.publish(request, None) == {"Published": True}


def _solution_of(recipe: str, group: str) -> dict[str, Any]:
    return {"name": recipe, "datasetGroupArn": group, "recipeArn": f"arn:aws:personalize:::recipe/aws-{recipe}"}


def _update(kind: str, physical_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    _request(kind, "Update", new, PhysicalResourceId=physical_id, OldResourceProperties=old)


def _request(
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
