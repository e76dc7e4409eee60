"""The resource that hands a published result to a stack."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from constructs_lib._best_training_job_provider import BestTrainingJobProvider
from constructs_lib.result import ITuningJobResult
from infra.handlers import contract


def read_best_training_job(scope: Construct, result: ITuningJobResult, revision: str | None) -> cdk.CustomResource:
    """Read ``result`` at deployment; what was read is kept until ``revision`` is another one."""
    provider = BestTrainingJobProvider.get_or_create(scope)
    parameter = result.best_training_job_parameter
    provider.allow_read(parameter)
    properties = {contract.RESULT_PARAMETER: parameter.parameter_name}
    if revision is not None:
        properties[contract.REVISION] = revision
    return cdk.CustomResource(
        scope,
        "BestTrainingJob",
        resource_type=contract.BEST_TRAINING_JOB_RESOURCE_TYPE,
        service_token=provider.service_token,
        service_timeout=provider.SERVICE_TIMEOUT,
        properties=properties,
    )
