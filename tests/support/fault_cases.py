"""What fault schedules deploy: tuning jobs, and what of Personalize lives by the same table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from infra.handlers import personalize, tuning_job
from infra.handlers.events import Event
from infra.handlers.personalize_api import Personalize
from infra.handlers.personalize_contract import DATASET_IMPORT_JOB, SOLUTION, SOLUTION_VERSION, Kind
from infra.handlers.personalize_jobs import SolutionVersions
from tests.support.fake_aws import Refusal
from tests.support.tuning_resource import declaration, event

PERSONALIZE_ARN = "arn:aws:personalize:eu-west-1:111122223333:"
PARENT = f"{PERSONALIZE_ARN}solution/shop"
"""The solution whose versions are deployed."""

Tags = dict[str, str] | None


@dataclass(frozen=True)
class Case:
    """One kind of resource.

    Attributes:
        handler: the module with its entry points.
        service: botocore's name of its service.
        resource_type: CloudFormation's name.
        create: the operation that starts one.
        declared: the properties that declare one of a name, with tags.
        name_of: the name that its handler gives to a declaration.
        role_missing: what the service says of a role that is not there yet; None where it takes none.
        live: statuses in which one must belong to a resource.
        retains: whether a declaration can say that it outlives its resource.
    """

    handler: ModuleType
    service: str
    resource_type: str
    create: str
    declared: Callable[[str, Tags], dict[str, Any]]
    name_of: Callable[[dict[str, Any]], str]
    role_missing: Refusal | None = None
    live: tuple[str, ...] = ("InProgress", "Stopping")
    retains: bool = False


def _tuning_job(name: str, tags: Tags) -> dict[str, Any]:
    """A declaration that differs with its name, as it does where the name is its hash."""
    properties = declaration(name, max_jobs="2", tags=tags)
    config = properties["HyperParameterTuningJobConfig"]
    config["Strategy"] = "Random"
    config["ResourceLimits"]["MaxParallelTrainingJobs"] = "1"
    properties["TrainingJobDefinition"]["StaticHyperParameters"]["name"] = name
    return properties


def _solution(name: str, tags: Tags) -> dict[str, Any]:
    return _tagged(
        {
            "name": name,
            "datasetGroupArn": f"{PERSONALIZE_ARN}dataset-group/shop",
            "recipeArn": "arn:aws:personalize:::recipe/aws-hrnn",
            "performHPO": "true",
            "performAutoTraining": "false",
            "eventType": name,
        },
        tags,
    )


def _version(name: str, tags: Tags) -> dict[str, Any]:
    # A version has no tags of a declaration.
    return {"solutionArn": PARENT, "trainingMode": "FULL", "DatasetImports": [name]}


def _import(name: str, tags: Tags) -> dict[str, Any]:
    return _tagged(
        {
            "jobName": name,
            "datasetArn": f"{PERSONALIZE_ARN}dataset/shop/INTERACTIONS",
            "dataSource": {"dataLocation": f"s3://events/{name}.csv"},
            "roleArn": "arn:aws:iam::111122223333:role/Import",
            "importMode": "FULL",
        },
        tags,
    )


def _tagged(properties: dict[str, Any], tags: Tags) -> dict[str, Any]:
    return properties if tags is None else {**properties, "tags": {k: {"tagValue": v} for k, v in tags.items()}}


def _version_name(properties: dict[str, Any]) -> str:
    return str(SolutionVersions(Personalize(None), Event.parse(event("Create", properties))).declared_name(properties))


def _case(kind: Kind, declared: Callable[[str, Tags], dict[str, Any]], **more: Any) -> Case:
    return Case(
        personalize,
        "personalize",
        kind.resource_type,
        kind.create,
        declared,
        **{"name_of": lambda properties: str(properties[kind.name]), **more},
    )


TUNING_JOB = Case(
    tuning_job,
    "sagemaker",
    "Custom::HyperParameterTuningJob",
    "CreateHyperParameterTuningJob",
    _tuning_job,
    lambda properties: str(properties["HyperParameterTuningJobName"]),
    role_missing=Refusal("ValidationException", "Could not assume role arn:aws:iam::111122223333:role/Training"),
    retains=True,
)
SOLUTION_CASE = _case(SOLUTION, _solution, live=("InProgress", "Completed", "Failed"))
VERSION_CASE = _case(SOLUTION_VERSION, _version, name_of=_version_name)
IMPORT_CASE = _case(
    DATASET_IMPORT_JOB,
    _import,
    role_missing=Refusal(
        "InvalidInputException", "Personalize can't assume role arn:aws:iam::111122223333:role/Import"
    ),
    live=(),  # it ends by itself, and goes with its dataset
)
