"""The operations of Service Quotas on the training quotas."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.endpoint.service import ServiceError
from infra.local.home import ACCOUNT, Home, local_region
from infra.local.service_quotas.catalogue import SERVICE_CODE, SERVICE_NAME, Quota, training_quotas
from infra.local.service_quotas.ledger import Increase, Ledger

GRANT_SECONDS = "TUNING_QUOTA_GRANT_SECONDS"
"""Environment variable: how long a request for an increase stays pending. AWS takes hours to days; the default is 0."""

_PAGE = 100

Operation = Callable[[dict[str, Any]], dict[str, Any]]


class ServiceQuotasService:
    """Service Quotas of the local AWS: it knows the service code "sagemaker" and grants every increase.

    Args:
        home: Holds the requests.
        grant_after: How long a request stays pending; by default what `TUNING_QUOTA_GRANT_SECONDS` says, or no time.
        now: The clock.
    """

    name = "service-quotas"

    def __init__(
        self,
        home: Home,
        *,
        grant_after: timedelta | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if grant_after is None:
            grant_after = timedelta(seconds=float(os.environ.get(GRANT_SECONDS, "0")))
        self._ledger = Ledger(home.service_quotas_json, grant_after, now)
        self._region = local_region()
        self._table: dict[str, Operation] = {
            "GetAWSDefaultServiceQuota": self._get_default,
            "GetRequestedServiceQuotaChange": self._get_change,
            "GetServiceQuota": self._get,
            "ListAWSDefaultServiceQuotas": self._list_defaults,
            "ListRequestedServiceQuotaChangeHistory": self._list_changes,
            "ListRequestedServiceQuotaChangeHistoryByQuota": self._list_changes_of_quota,
            "ListServiceQuotas": self._list,
            "ListServices": self._list_services,
            "RequestServiceQuotaIncrease": self._request_increase,
        }

    @property
    def operations(self) -> Sequence[str]:
        """Names of the operations that are implemented."""
        return tuple(self._table)

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one operation; see `infra.local.endpoint.Service`."""
        return self._table[operation](request)

    def close(self) -> None:
        """Nothing is held open: each request is on disk when it is answered."""

    def _list_services(self, request: dict[str, Any]) -> dict[str, Any]:
        services = [{"ServiceCode": SERVICE_CODE, "ServiceName": SERVICE_NAME}]
        return _page("Services", services, request)

    def _list(self, request: dict[str, Any]) -> dict[str, Any]:
        _check_service(request)
        code = request.get("QuotaCode")
        quotas = training_quotas().values() if code is None else [_find(request)]
        return _page("Quotas", [self._shown(quota, self._applied(quota)) for quota in quotas], request)

    def _list_defaults(self, request: dict[str, Any]) -> dict[str, Any]:
        _check_service(request)
        quotas = training_quotas().values()
        return _page("Quotas", [self._shown(quota, quota.default) for quota in quotas], request)

    def _get(self, request: dict[str, Any]) -> dict[str, Any]:
        quota = _find(request)
        return {"Quota": self._shown(quota, self._applied(quota))}

    def _get_default(self, request: dict[str, Any]) -> dict[str, Any]:
        quota = _find(request)
        return {"Quota": self._shown(quota, quota.default)}

    def _request_increase(self, request: dict[str, Any]) -> dict[str, Any]:
        quota, desired = _find(request), request["DesiredValue"]
        with self._ledger.lock:
            if self._ledger.pending(quota.code):
                raise ServiceError(
                    "ResourceAlreadyExistsException", f"a request for an increase of {quota.name} is already open"
                )
            current = self._applied(quota)
            if not desired > current:
                raise ServiceError(
                    "IllegalArgumentException",
                    f"the desired value must be greater than the current value {current:g}, got {desired:g}",
                )
            return {"RequestedQuota": self._shown_change(self._ledger.add(quota.code, desired))}

    def _get_change(self, request: dict[str, Any]) -> dict[str, Any]:
        for change in self._ledger.requests():
            if change.id == request["RequestId"]:
                return {"RequestedQuota": self._shown_change(change)}
        raise ServiceError("NoSuchResourceException", f"there is no request {request['RequestId']}")

    def _list_changes(self, request: dict[str, Any]) -> dict[str, Any]:
        if "ServiceCode" in request:
            _check_service(request)
        return self._changes(self._ledger.requests(), request)

    def _list_changes_of_quota(self, request: dict[str, Any]) -> dict[str, Any]:
        return self._changes(self._ledger.requests(_find(request).code), request)

    def _changes(self, changes: list[Increase], request: dict[str, Any]) -> dict[str, Any]:
        """Newest first; requests raise the quota of the account, never of a single resource."""
        shown = [self._shown_change(change) for change in reversed(changes)]
        if "Status" in request:
            shown = [change for change in shown if change["Status"] == request["Status"]]
        if request.get("QuotaRequestedAtLevel") == "RESOURCE":
            shown = []
        return _page("RequestedQuotas", shown, request)

    def _applied(self, quota: Quota) -> float:
        return self._ledger.applied(quota.code, quota.default)

    def _arn(self, quota: Quota) -> str:
        return f"arn:aws:servicequotas:{self._region}:{ACCOUNT}:{SERVICE_CODE}/{quota.code}"

    def _common(self, quota: Quota) -> dict[str, Any]:
        return {
            "ServiceCode": SERVICE_CODE,
            "ServiceName": SERVICE_NAME,
            "QuotaArn": self._arn(quota),
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "GlobalQuota": False,
            "Unit": "None",
        }

    def _shown(self, quota: Quota, value: float) -> dict[str, Any]:
        return {**self._common(quota), "Value": value, "Adjustable": True, "QuotaAppliedAtLevel": "ACCOUNT"}

    def _shown_change(self, change: Increase) -> dict[str, Any]:
        now = self._ledger.now()
        status = change.status(now)
        updated = change.granted_at if status == "APPROVED" else change.created
        return {
            **self._common(training_quotas()[change.quota_code]),
            "Id": change.id,
            "DesiredValue": change.desired,
            "Status": status,
            "Created": datetime.fromtimestamp(change.created, UTC),
            "LastUpdated": datetime.fromtimestamp(updated, UTC),
            "Requester": f'{{"accountId":"{ACCOUNT}"}}',
            "QuotaRequestedAtLevel": "ACCOUNT",
        }


def _check_service(request: Mapping[str, Any]) -> None:
    if request["ServiceCode"] != SERVICE_CODE:
        raise ServiceError(
            "NoSuchResourceException",
            f"the local AWS has quotas of the service {SERVICE_CODE} only, got {request['ServiceCode']}",
        )


def _find(request: Mapping[str, Any]) -> Quota:
    _check_service(request)
    quota = training_quotas().get(request["QuotaCode"])
    if quota is None:
        raise ServiceError("NoSuchResourceException", f"{SERVICE_CODE} has no quota {request['QuotaCode']}")
    return quota


def _page(member: str, entries: list[dict[str, Any]], request: Mapping[str, Any]) -> dict[str, Any]:
    start = _offset(request["NextToken"], len(entries)) if "NextToken" in request else 0
    end = start + request.get("MaxResults", _PAGE)
    page: dict[str, Any] = {member: entries[start:end]}
    if end < len(entries):
        page["NextToken"] = base64.urlsafe_b64encode(f"from:{end}".encode()).decode()
    return page


def _offset(token: str, count: int) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
    except (binascii.Error, ValueError):
        word, number = "", ""
    if word != "from" or not number.isdecimal() or int(number) > count:
        raise ServiceError("InvalidPaginationTokenException", f"NextToken {token} is not one that a list gave out")
    return int(number)
