"""Names and ARNs as SageMaker builds them."""

from __future__ import annotations

import re
import secrets

OBJECTIVE_HYPERPARAMETER = "_tuning_objective_metric"
"""The static hyperparameter that a tuning job adds: the objective metric's name."""


def tuning_job_arn(name: str, *, region: str, account: str) -> str:
    """The ARN of a tuning job. SageMaker lower-cases names there."""
    return f"arn:aws:sagemaker:{region}:{account}:hyper-parameter-tuning-job/{name.lower()}"


def training_job_arn(name: str, *, region: str, account: str) -> str:
    """The ARN of a training job. SageMaker lower-cases names there."""
    return f"arn:aws:sagemaker:{region}:{account}:training-job/{name.lower()}"


def training_job_name(tuning_job: str, number: int) -> str:
    """The name of a tuning job's training job: `{tuning job}-{NNN}-{8 hex digits}`."""
    return f"{tuning_job}-{number:03d}-{secrets.token_hex(4)}"


def repository_name(image: str) -> str:
    """The last part of an image's path, without tag and digest: `…/team/seq2seq:1` is `seq2seq`."""
    return re.split(r"[:@]", image.rsplit("/", 1)[-1], maxsplit=1)[0]
