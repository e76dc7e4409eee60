"""SageMaker's quotas as the Service Quotas API has them, by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from .errors import HandlerError, code_of

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient

_SERVICE: Final = "sagemaker"
_PENDING: Final = ("PENDING", "CASE_OPENED")
APPROVED: Final = "APPROVED"


@dataclass(frozen=True)
class Quota:
    """A quota of the account."""

    code: str
    name: str
    value: float
    adjustable: bool


@dataclass(frozen=True)
class Request:
    """A request to increase a quota."""

    value: float
    status: str
    id: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether it is not decided yet."""
        return self.status in _PENDING


class Quotas:
    """The quotas of an account and region."""

    def __init__(self, client: ServiceQuotasClient) -> None:
        self._client = client

    def find(self, name: str) -> Quota:
        """The quota called ``name``: what the account has, else what every account has by default.

        Raises:
            HandlerError: if there is no such quota.
        """
        for operation in ("list_service_quotas", "list_aws_default_service_quotas"):
            paginator: Any = self._client.get_paginator(operation)
            for page in paginator.paginate(ServiceCode=_SERVICE):
                for found in page["Quotas"]:
                    if found["QuotaName"] == name:
                        return Quota(found["QuotaCode"], name, found["Value"], found["Adjustable"])
        region = self._client.meta.region_name
        raise HandlerError(
            f"SageMaker has no quota {name!r} in {region}; the instance type is misspelt or not offered there"
        )

    def pending(self, quota: Quota) -> Request | None:
        """The request that is under way for the quota."""
        return next((made for made in self._requests(quota) if made.is_pending), None)

    def made(self, quota: Quota, request_id: str) -> Request | None:
        """The request with this id, decided or not."""
        return next((made for made in self._requests(quota) if made.id == request_id), None)

    def _requests(self, quota: Quota) -> Iterator[Request]:
        paginator = self._client.get_paginator("list_requested_service_quota_change_history_by_quota")
        for page in paginator.paginate(ServiceCode=_SERVICE, QuotaCode=quota.code):
            for found in page["RequestedQuotas"]:
                yield Request(found["DesiredValue"], found["Status"], found.get("Id", ""))

    def request(self, quota: Quota, value: float) -> Request | None:
        """Request that the quota become ``value``; None if a request that was made meanwhile is under way."""
        try:
            answer = self._client.request_service_quota_increase(
                ServiceCode=_SERVICE, QuotaCode=quota.code, DesiredValue=value
            )
        except ClientError as error:
            if code_of(error) == "ResourceAlreadyExistsException":
                return None
            raise
        made = answer["RequestedQuota"]
        return Request(made["DesiredValue"], made["Status"], made.get("Id", ""))
