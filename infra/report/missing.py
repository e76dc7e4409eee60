"""Asking for a tuning job by a name that may be wrong: the answer, or the names that were probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

SUGGESTIONS = 5


class TuningJobNotFoundError(LookupError):
    """No tuning job has the name; ``closest`` are the names that are most like it, best first."""

    def __init__(self, name: str, closest: list[str]) -> None:
        self.name = name
        self.closest = closest
        hint = f"did you mean {_listed(closest)}?" if closest else "there is no tuning job with a similar name"
        super().__init__(f"no tuning job named '{name}' in this account and region: {hint}")


def described(client: SageMakerClient, name: str) -> Mapping[str, Any]:
    """Describe a tuning job, or say which names are close to the one given."""
    try:
        return client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    except ClientError as error:
        if not _says_not_found(error):
            raise
        raise TuningJobNotFoundError(name, _closest(client, name)) from error


def _says_not_found(error: ClientError) -> bool:
    # SageMaker answers with ResourceNotFound or, for some operations, a ValidationException that says so in words.
    answer = error.response.get("Error", {})
    code, message = answer.get("Code", ""), answer.get("Message", "")
    return code.startswith("ResourceNotFound") or (
        code == "ValidationException"
        and re.search(r"not find|can't find|not found|does not exist", message) is not None
    )


def _closest(client: SageMakerClient, name: str) -> list[str]:
    """Take the latest tuning jobs that share a word with the name, else the latest of all, and rank them."""
    words = sorted(re.findall(r"[a-zA-Z0-9]+", name), key=len, reverse=True)
    candidates: list[str] = []
    for word in words[:1]:
        candidates = _latest(client, NameContains=word[:63])
    candidates = candidates if candidates else _latest(client)
    close = difflib.get_close_matches(name.lower(), [one.lower() for one in candidates], n=SUGGESTIONS, cutoff=0.5)
    return [next(one for one in candidates if one.lower() == lower) for lower in close]


def _latest(client: SageMakerClient, **criteria: str) -> list[str]:
    answer = client.list_hyper_parameter_tuning_jobs(
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=100,
        **criteria,  # type: ignore[arg-type]
    )
    return [summary["HyperParameterTuningJobName"] for summary in answer["HyperParameterTuningJobSummaries"]]


def _listed(names: list[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
