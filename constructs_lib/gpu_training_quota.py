"""The account's quota of instances for training, declared beside the jobs that need it."""

from __future__ import annotations

from enum import Enum

import aws_cdk as cdk
from constructs import Construct

from constructs_lib._gpu_quota_provider import GpuQuotaProvider
from constructs_lib._tokens import is_unresolved
from constructs_lib.errors import ValidationError
from constructs_lib.instance import InstanceType
from constructs_lib.training_needs import QuotaUsage, declared_needs, sum_of
from infra.handlers import contract


class OnShortfall(Enum):
    """What a deployment does when the quota is smaller than what is needed."""

    FAIL = contract.ON_SHORTFALL_FAIL
    """Fail, and say what is missing."""

    WARN = contract.ON_SHORTFALL_WARN
    """Go on; the attribute ``status`` and the log say what is missing."""

    REQUEST_INCREASE = contract.ON_SHORTFALL_REQUEST_INCREASE
    """Request the increase, unless a request is pending, and go on. Support may take days to decide."""

    REQUEST_AND_WAIT = contract.ON_SHORTFALL_REQUEST_AND_WAIT
    """Request it, and wait until it is granted, for 55 minutes at most; fail if it is not."""


_REQUESTS = (OnShortfall.REQUEST_INCREASE, OnShortfall.REQUEST_AND_WAIT)


class GpuTrainingQuota(Construct):
    """Compares at deploy the account's quota of an instance type with the number of instances that jobs need.

    A quota is found by its name, such as ``ml.p3.2xlarge for training job usage``, and never lowered; removing this
    construct leaves it as it is.

    Args:
        scope: the parent.
        id: unique below the parent.
        instance_type: such as ``InstanceType.ML_P3_2XLARGE`` or ``ml.p3.2xlarge``.
        instances: how many run at the same time: instances per training job times parallel training jobs.
        usage: Default: ``QuotaUsage.TRAINING``.
        on_shortfall: Default: ``OnShortfall.FAIL``.

    Raises:
        ValidationError: if ``instance_type`` is no SageMaker type or ``instances`` is no whole number above 0.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        instance_type: InstanceType | str,
        instances: float,
        usage: QuotaUsage = QuotaUsage.TRAINING,
        on_shortfall: OnShortfall = OnShortfall.FAIL,
    ) -> None:
        super().__init__(scope, id)
        name = instance_type.name if isinstance(instance_type, InstanceType) else instance_type
        self._validate(name, instances)
        provider = GpuQuotaProvider.get_or_create(self)
        if on_shortfall in _REQUESTS:
            provider.allow_requests()
        waits = on_shortfall is OnShortfall.REQUEST_AND_WAIT
        self._resource = cdk.CustomResource(
            self,
            "Resource",
            resource_type=contract.GPU_QUOTA_RESOURCE_TYPE,
            service_token=provider.service_token,
            service_timeout=provider.WAITING_SERVICE_TIMEOUT if waits else provider.SERVICE_TIMEOUT,
            properties={
                contract.QUOTA_NAME: f"{name} for {usage.value}",
                contract.QUOTA_INSTANCES: instances,
                contract.QUOTA_ON_SHORTFALL: on_shortfall.value,
            },
        )

    @classmethod
    def for_jobs(
        cls,
        scope: Construct,
        id: str,  # noqa: A002
        *,
        on_shortfall: OnShortfall = OnShortfall.FAIL,
    ) -> list[GpuTrainingQuota]:
        """Quotas for what all tuning jobs of a stack that are declared so far need together; the jobs wait for them.

        For each instance type and use, instances per training job times parallel training jobs, summed over the jobs.

        Args:
            scope: the parent, in the jobs' stack.
            id: first part of the ids of the quotas.
            on_shortfall: Default: ``OnShortfall.FAIL``.

        Raises:
            ValidationError: if there is no job, or a number of instances is known at deployment only.
        """
        stack = cdk.Stack.of(scope)
        declared = [(found, declared_needs(found)) for found in stack.node.find_all()]
        jobs = [found for found, needs in declared if needs is not None]
        needs = sum_of(needs for _, needs in declared if needs is not None)
        unknown = sorted({instance_type for (instance_type, _), need in needs.items() if need is None})
        problems = [
            f"the number of instances of {name} is known at deployment only: declare a GpuTrainingQuota for it"
            for name in unknown
        ]
        if not jobs:
            problems.append("the stack has no tuning job yet: declare its jobs first")
        if problems:
            raise ValidationError("/".join(filter(None, [scope.node.path, id])), problems)
        quotas = [
            cls(
                scope,
                f"{id}-{name}-{usage.name}",
                instance_type=name,
                instances=need,
                usage=usage,
                on_shortfall=on_shortfall,
            )
            for (name, usage), need in sorted(needs.items(), key=lambda entry: (entry[0][0], entry[0][1].value))
            if need is not None
        ]
        for job in jobs:
            job.node.add_dependency(*quotas)
        return quotas

    def _validate(self, instance_type: str, instances: float) -> None:
        problems = []
        if not is_unresolved(instance_type) and not instance_type.startswith("ml."):
            problems.append(f"instance_type must be one of SageMaker's, such as 'ml.g5.xlarge', got {instance_type!r}")
        if not is_unresolved(instances) and (instances < 1 or instances != int(instances)):
            problems.append(f"instances must be a whole number of at least 1, got {instances!r}")
        if problems:
            raise ValidationError(self.node.path, problems)

    @property
    def quota_code(self) -> str:
        """The quota's code, such as ``L-3F53BF0F``."""
        return self._resource.get_att_string(contract.QUOTA_CODE)

    @property
    def value(self) -> str:
        """The quota in instances, as it was at the last deployment that looked."""
        return self._resource.get_att_string(contract.QUOTA_VALUE)

    @property
    def requested_value(self) -> str:
        """The value that a pending request asks for; the quota itself when none is pending."""
        return self._resource.get_att_string(contract.QUOTA_REQUESTED_VALUE)

    @property
    def status(self) -> str:
        """``SUFFICIENT``, ``SHORTFALL``, or the state of the request (``PENDING``, ``CASE_OPENED``)."""
        return self._resource.get_att_string(contract.QUOTA_STATUS)
