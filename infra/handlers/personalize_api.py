"""Resources of Amazon Personalize as its API has them, by ARN."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import ClientError

from .errors import code_of
from .logs import log
from .personalize_contract import SOLUTION_VERSION, Kind

TAKEN: Final = "ResourceAlreadyExistsException"
BUSY: Final = "ResourceInUseException"
_GONE: Final = "ResourceNotFoundException"


class Personalize:
    """The resources of an account and region.

    Args:
        client: boto3's.
    """

    def __init__(self, client: Any) -> None:
        self.client = client

    def create(self, kind: Kind, request: Mapping[str, Any]) -> str:
        """Create a resource; returns its ARN."""
        answer = getattr(self.client, xform_name(kind.create))(**request)
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
        """Ask for its deletion. That it is gone already is fine."""
        try:
            getattr(self.client, xform_name(str(kind.delete)))(**{kind.arn: arn})
        except ClientError as error:
            if code_of(error) != _GONE:
                raise

    def version(self, solution: str, name: str) -> dict[str, Any] | None:
        """The version of a solution by its name, which no list shows; None if there is none."""
        arns = [arn for arn, _ in self.versions(solution)]
        for arn in reversed(arns):
            found = self.describe(SOLUTION_VERSION, arn)
            if found is not None and found.get("name") == name:
                return found
        return None

    def versions(self, solution: str) -> Iterator[tuple[str, str]]:
        """ARN and status of a solution's versions; none if it is gone."""
        pages = self.client.get_paginator("list_solution_versions").paginate(solutionArn=solution)
        try:
            for page in pages:
                for version in page["solutionVersions"]:
                    yield version["solutionVersionArn"], version["status"]
        except ClientError as error:
            if code_of(error) != _GONE:
                raise

    def stop_version(self, arn: str) -> None:
        """Stop a solution version's training. That it has ended, or has not quite begun, is seen at the next look."""
        try:
            self.client.stop_solution_version_creation(solutionVersionArn=arn)
        except ClientError as error:
            if code_of(error) not in ("InvalidInputException", BUSY, _GONE):
                raise
            log("not stopped", arn=arn, reason=str(error))

    def metrics(self, arn: str) -> dict[str, float]:
        """A solution version's offline metrics."""
        found: dict[str, float] = self.client.get_solution_metrics(solutionVersionArn=arn)["metrics"]
        return found

    def campaigns(self, solution: str) -> list[str]:
        """ARNs of a solution's campaigns."""
        pages = self.client.get_paginator("list_campaigns").paginate(solutionArn=solution)
        return [campaign["campaignArn"] for page in pages for campaign in page["campaigns"]]

    def tags(self, arn: str) -> dict[str, str]:
        """A resource's tags."""
        tags = self.client.list_tags_for_resource(resourceArn=arn)["tags"]
        return {tag["tagKey"]: tag["tagValue"] for tag in tags}

    def add_tags(self, arn: str, tags: Mapping[str, str]) -> None:
        """Set tags, whether or not they were there."""
        if tags:
            entries = [{"tagKey": key, "tagValue": value} for key, value in sorted(tags.items())]
            self.client.tag_resource(resourceArn=arn, tags=entries)

    def delete_tags(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags."""
        gone = sorted(keys)
        if gone:
            self.client.untag_resource(resourceArn=arn, tagKeys=gone)
