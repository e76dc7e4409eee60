"""``Custom::ImageBuild``: builds an image in the account by CodeBuild, unless the repository has it, and waits for it.

The tag follows from the image's source, so an image that is there is the one that would be built. Deleting leaves the
images alone: they belong to the repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from . import clients
from .contract import IMAGE_BUILD_PROJECT, IMAGE_BUILD_REPOSITORY, IMAGE_BUILD_TAG
from .entry import Answer, entry_point
from .errors import HandlerError, code_of
from .events import PROGRESS, Event
from .logs import log
from .shown import shown

if TYPE_CHECKING:
    from mypy_boto3_codebuild.type_defs import BuildTypeDef

_BUILD: Final = "BuildId"


@entry_point
def on_event(event: Event) -> Answer:
    """Start the build; the physical id is the image, ``<repository>:<tag>``."""
    if event.request_type == "Delete":
        return {"PhysicalResourceId": event.physical_id}
    project, repository, tag = (
        _property(event.properties, name) for name in (IMAGE_BUILD_PROJECT, IMAGE_BUILD_REPOSITORY, IMAGE_BUILD_TAG)
    )
    answer: Answer = {"PhysicalResourceId": f"{repository}:{tag}", "Data": {IMAGE_BUILD_TAG: tag}}
    if _exists(repository, tag):
        log("the image is there already", image=f"{repository}:{tag}")
        return answer
    # The same request again, within the minutes that CodeBuild remembers it, gets the same build.
    build = clients.codebuild().start_build(projectName=project, idempotencyToken=event.request_id)["build"]
    log("started", build=build["id"])
    return {**answer, PROGRESS: {_BUILD: build["id"]}}


@entry_point
def is_complete(event: Event) -> Answer:
    """Whether the build has made the image; one that failed fails the deployment, with its log's address."""
    if _BUILD not in event.progress:
        return {"IsComplete": True}
    name = event.progress[_BUILD]
    builds = clients.codebuild().batch_get_builds(ids=[name])["builds"]
    if not builds:
        raise HandlerError(f"the image build {name} is gone; deploy again")
    status = builds[0]["buildStatus"]
    if status == "IN_PROGRESS":
        return {"IsComplete": False}
    if status == "SUCCEEDED":
        return {"IsComplete": True}
    raise HandlerError(f"the image build {name} ended {status}{_reason(builds[0])}")


def _property(properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    if not isinstance(value, str) or not value:
        raise HandlerError(f"{name} must be a name, got {shown(value)}")
    return value


def _exists(repository: str, tag: str) -> bool:
    try:
        clients.ecr().describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if code_of(error) == "ImageNotFoundException":
            return False
        raise
    return True


def _reason(build: BuildTypeDef) -> str:
    """The first phase that failed with what CodeBuild says about it, and where the log is."""
    reason = ""
    for phase in build.get("phases", []):
        if phase.get("phaseStatus", "SUCCEEDED") != "SUCCEEDED":
            messages = [context["message"] for context in phase.get("contexts", []) if context.get("message")]
            reason = f" in phase {phase.get('phaseType', 'unknown')}" + "".join(f": {text}" for text in messages)
            break
    address = build.get("logs", {}).get("deepLink")
    return f"{reason}; its log: {address}" if address else reason
