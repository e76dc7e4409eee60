"""What all operations share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from infra.local.endpoint.service import ServiceError
from infra.local.engine import TuningEngine
from infra.local.sagemaker.pages import page

from .arns import Arns
from .errors import invalid_token
from .store import Resource, Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Request = dict[str, Any]
Answer = dict[str, Any]

_PAGE = 100


@dataclass(frozen=True)
class Context:
    """The service's parts.

    Attributes:
        store: The record of resources.
        engine: Runs the training of solution versions.
        s3: The local S3.
        bucket: The service's own bucket, with the copies of imported data and the models.
        arns: Builds ARNs.
        import_data: Hands a recorded dataset import job to the worker.
    """

    store: Store
    engine: TuningEngine
    s3: S3Client
    bucket: str
    arns: Arns
    import_data: Callable[[str], None]


def described(resource: Resource, arn_member: str, **more: Any) -> Answer:
    """A resource as the API shows it: without our own members, with its ARN and times."""
    body = {name: value for name, value in resource.body.items() if not name.startswith("_")}
    return {
        **body,
        arn_member: resource.arn,
        "creationDateTime": moment(resource.created),
        "lastUpdatedDateTime": moment(resource.updated),
        **{name: value for name, value in more.items() if value is not None},
    }


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as the API's timestamps."""
    return datetime.fromtimestamp(seconds, UTC)


def listed(request: Request, member: str, entries: list[Answer], arn: str) -> Answer:
    """A page of a list, in the order of creation.

    Args:
        request: maxResults and nextToken are read.
        member: Where the answer has the list.
        entries: All that match.
        arn: The member with the ARN, which decides among entries of the same moment.

    Raises:
        ServiceError: The token is not one of ours.
    """
    wanted = {"MaxResults": request.get("maxResults", _PAGE)}
    if "nextToken" in request:
        wanted["NextToken"] = request["nextToken"]
    try:
        shown, more = page(wanted, entries, key=lambda e: e["creationDateTime"].timestamp(), name=lambda e: str(e[arn]))
    except ServiceError:
        raise invalid_token(request["nextToken"]) from None
    return {member: shown, **({"nextToken": more["NextToken"]} if more else {})}
