"""Resources of Amazon Personalize as its API has them, by ARN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

from .contract import OWNER_TAGS
from .errors import HandlerError, code_of, message_of
from .logs import log
from .personalize_contract import SOLUTION_VERSION, Kind

_TAKEN = "ResourceAlreadyExistsException"
_GONE = "ResourceNotFoundException"
_BUSY = "ResourceInUseException"


class Personalize:
    """The resources of an account and region.

    Args:
        client: boto3's.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def create(self, kind: Kind, request: Mapping[str, Any], arn: str) -> str:
        """Create a resource; one that is there by that name already is the same declaration's.

        Raises:
            HandlerError: The service refuses.
        """
        try:
            answer = getattr(self.client, xform_name(kind.create))(**request)
        except ParamValidationError as error:
            raise HandlerError(f"the declaration does not fit {kind.create}: {error.kwargs['report']}") from error
        except ClientError as error:
            if code_of(error) == _TAKEN and kind is not SOLUTION_VERSION:
                log("adopted", arn=arn)
                return arn
            raise HandlerError(f"{kind.create} was refused with {code_of(error)}: {message_of(error)}") from error
        return str(answer[kind.arn])

    def describe(self, kind: Kind, arn: str) -> dict[str, Any] | None:
        """The resource; None if it is gone."""
        try:
            found: dict[str, Any] = getattr(self.client, xform_name(kind.describe))(**{kind.arn: arn})[kind.described]
        except ClientError as error:
            if code_of(error) == _GONE:
                return None
            raise
        return found

    def delete(self, kind: Kind, arn: str) -> None:
        """Ask for its deletion. That it is gone, or that something else has to go first, is no error here."""
        try:
            getattr(self.client, xform_name(str(kind.delete)))(**{kind.arn: arn})
        except ClientError as error:
            if code_of(error) not in (_GONE, _BUSY):
                raise
            log("not deleted", arn=arn, reason=str(error))

    def stop_version(self, arn: str) -> None:
        """Stop a solution version's training. That it has ended in the meantime is fine."""
        try:
            self.client.stop_solution_version_creation(solutionVersionArn=arn)
        except ClientError as error:
            log("not stopped", arn=arn, reason=str(error))

    def metrics(self, arn: str) -> dict[str, float]:
        """A solution version's offline metrics."""
        found: dict[str, float] = self.client.get_solution_metrics(solutionVersionArn=arn)["metrics"]
        return found

    def campaigns(self, solution: str) -> list[str]:
        """ARNs of a solution's campaigns."""
        pages = self.client.get_paginator("list_campaigns").paginate(solutionArn=solution)
        return [campaign["campaignArn"] for page in pages for campaign in page["campaigns"]]

    def version_of_request(self, solution: str, tag: str, value: str) -> str | None:
        """The version of a solution with a tag, the newest first; None if there is none."""
        pages = self.client.get_paginator("list_solution_versions").paginate(solutionArn=solution)
        arns = [version["solutionVersionArn"] for page in pages for version in page["solutionVersions"]]
        return next((arn for arn in reversed(arns) if self.tags(arn).get(tag) == value), None)

    def tags(self, arn: str) -> dict[str, str]:
        """A resource's tags."""
        tags = self.client.list_tags_for_resource(resourceArn=arn)["tags"]
        return {tag["tagKey"]: tag["tagValue"] for tag in tags}

    def retag(self, arn: str, tags: Mapping[str, str], old: Mapping[str, str]) -> None:
        """Set the declared tags, and remove those that are declared no more."""
        if tags and tags != old:
            entries = [{"tagKey": key, "tagValue": value} for key, value in sorted(tags.items())]
            self.client.tag_resource(resourceArn=arn, tags=entries)
        gone = sorted(old.keys() - tags.keys() - OWNER_TAGS)
        if gone:
            self.client.untag_resource(resourceArn=arn, tagKeys=gone)
