"""Names that the Personalize constructs write and their handler reads: one place for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .contract import ENVELOPE

# Entry points of the Lambda functions, as seen from the asset's root.
PERSONALIZE_HANDLER: Final = "handlers.personalize.on_event"
PERSONALIZE_COMPLETION_HANDLER: Final = "handlers.personalize.is_complete"

# Attributes of the resources; the last two are JSON texts of a solution version.
ARN: Final = "Arn"
STATUS: Final = "Status"
TUNED_HYPER_PARAMETERS: Final = "TunedHyperParameters"
METRICS: Final = "Metrics"

VERSION_NAME: Final = "VersionName"
"""A solution version's attribute: its name, which follows from the solution's ARN, the mode and the imports."""

# What the result's publisher is called with beside the names of `contract`, and members of what it writes.
PERSONALIZE_RESULT_HANDLER: Final = "handlers.personalize_result.publish"
SOLUTION_VERSION_ARN: Final = "solutionVersionArn"
RESULT_STATUS: Final = "status"
RESULT_TUNED: Final = "tunedHPOParams"
RESULT_METRICS: Final = "metrics"

IMPORTS: Final = "DatasetImports"
"""A solution version's property beside its request: the imports that it is trained on, so that new ones retrain."""

OUTSIDE_REQUEST: Final = ENVELOPE | {IMPORTS}
"""Properties that are no members of a request."""

TAGS: Final = "tags"


@dataclass(frozen=True)
class Kind:
    """One kind of resource of the service, and the operations on it.

    Attributes:
        resource_type: CloudFormation's name.
        create: operation.
        describe: operation.
        delete: operation; None where the service has none.
        described: the member of Describe's answer.
        arn: the member with the ARN, in requests and answers.
        segment: what stands before the name in the ARN.
        name: the member of the request with the name.
    """

    resource_type: str
    create: str
    describe: str
    delete: str | None
    described: str
    arn: str
    segment: str
    name: str = "name"


def _kind(noun: str, described: str, segment: str, *, deletable: bool = True, name: str = "name") -> Kind:
    return Kind(
        f"Custom::Personalize{noun}",
        f"Create{noun}",
        f"Describe{noun}",
        f"Delete{noun}" if deletable else None,
        described,
        f"{described}Arn",
        segment,
        name,
    )


SCHEMA: Final = _kind("Schema", "schema", "schema")
DATASET_GROUP: Final = _kind("DatasetGroup", "datasetGroup", "dataset-group")
DATASET: Final = _kind("Dataset", "dataset", "dataset")
DATASET_IMPORT_JOB: Final = _kind(
    "DatasetImportJob", "datasetImportJob", "dataset-import-job", deletable=False, name="jobName"
)
SOLUTION: Final = _kind("Solution", "solution", "solution")
SOLUTION_VERSION: Final = _kind("SolutionVersion", "solutionVersion", "solution", deletable=False)

KINDS: Final = {
    kind.resource_type: kind
    for kind in (SCHEMA, DATASET_GROUP, DATASET, DATASET_IMPORT_JOB, SOLUTION, SOLUTION_VERSION)
}
