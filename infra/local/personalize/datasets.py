"""Operations on schemas, dataset groups, datasets and dataset import jobs."""

from __future__ import annotations

from typing import Any

from . import training
from .context import Answer, Context, Request, described, listed
from .errors import in_use, invalid, too_many_active, too_many_pending
from .schemas import REQUIRED, fields_of
from .store import Resource

MAX_DATASET_GROUPS = 5
MAX_PENDING_IMPORTS = 5
MAX_SCHEMAS = 500
"""The service's default quotas."""

UNFINISHED = ("CREATE PENDING", "CREATE IN_PROGRESS")


def create_schema(context: Context, request: Request) -> Answer:
    """CreateSchema."""
    if len(context.store.all("schema")) >= MAX_SCHEMAS:
        raise too_many_active(MAX_SCHEMAS)
    if "domain" in request:
        raise invalid("The local Personalize has custom dataset groups only; leave out domain.")
    fields_of(request["schema"])
    arn = context.arns.of("schema", request["name"])
    context.store.add("schema", arn, {"name": request["name"], "schema": request["schema"]})
    return {"schemaArn": arn}


def describe_schema(context: Context, request: Request) -> Answer:
    """DescribeSchema."""
    return {"schema": described(context.store.get(request["schemaArn"], "schema"), "schemaArn")}


def list_schemas(context: Context, request: Request) -> Answer:
    """ListSchemas."""
    entries = [described(r, "schemaArn") for r in context.store.all("schema")]
    return listed(request, "schemas", entries, "schemaArn")


def delete_schema(context: Context, request: Request) -> Answer:
    """DeleteSchema."""
    arn = context.store.get(request["schemaArn"], "schema").arn
    with context.store.lock:
        for dataset in context.store.all("dataset"):
            if dataset.body["schemaArn"] == arn:
                raise in_use(f"The schema {arn} is used by the dataset {dataset.arn}. Delete the dataset first.")
        context.store.delete(arn)
    return {}


def create_dataset_group(context: Context, request: Request) -> Answer:
    """CreateDatasetGroup."""
    if "domain" in request:
        raise invalid("The local Personalize has custom dataset groups only; leave out domain.")
    arn = context.arns.of("dataset-group", request["name"])
    with context.store.lock:
        if len(context.store.all("datasetGroup")) >= MAX_DATASET_GROUPS:
            raise too_many_active(MAX_DATASET_GROUPS)
        body: dict[str, Any] = {k: request[k] for k in ("name", "roleArn", "kmsKeyArn") if k in request}
        context.store.add("datasetGroup", arn, {**body, "status": "ACTIVE"}, tags=request.get("tags", ()))
    return {"datasetGroupArn": arn}


def describe_dataset_group(context: Context, request: Request) -> Answer:
    """DescribeDatasetGroup."""
    group = context.store.get(request["datasetGroupArn"], "datasetGroup")
    return {"datasetGroup": described(group, "datasetGroupArn")}


def list_dataset_groups(context: Context, request: Request) -> Answer:
    """ListDatasetGroups."""
    entries = [described(r, "datasetGroupArn") for r in context.store.all("datasetGroup")]
    return listed(request, "datasetGroups", entries, "datasetGroupArn")


def delete_dataset_group(context: Context, request: Request) -> Answer:
    """DeleteDatasetGroup; datasets and solutions have to be gone."""
    arn = context.store.get(request["datasetGroupArn"], "datasetGroup").arn
    with context.store.lock:
        for kind, noun in (("dataset", "dataset"), ("solution", "solution")):
            if left := context.store.all(kind, arn):
                raise in_use(f"The dataset group {arn} has the {noun} {left[0].arn}. Delete it first.")
        context.store.delete(arn)
    return {}


def create_dataset(context: Context, request: Request) -> Answer:
    """CreateDataset: one of each type in a group."""
    group = context.store.get(request["datasetGroupArn"], "datasetGroup")
    schema = context.store.get(request["schemaArn"], "schema")
    kind = request["datasetType"].upper()
    if kind not in REQUIRED:
        raise invalid(f"datasetType must be one of {', '.join(REQUIRED)} locally, got {request['datasetType']}.")
    described_kind, _ = fields_of(schema.body["schema"])
    if described_kind != kind:
        raise invalid(f"The schema {schema.arn} is one of dataset type {described_kind}, not {kind}.")
    arn = context.arns.of("dataset", f"{group.body['name']}/{kind}")
    body = {"name": request["name"], "datasetGroupArn": group.arn, "datasetType": kind, "schemaArn": schema.arn}
    context.store.add("dataset", arn, {**body, "status": "ACTIVE"}, parent=group.arn, tags=request.get("tags", ()))
    return {"datasetArn": arn}


def describe_dataset(context: Context, request: Request) -> Answer:
    """DescribeDataset."""
    return {"dataset": described(context.store.get(request["datasetArn"], "dataset"), "datasetArn")}


def update_dataset(context: Context, request: Request) -> Answer:
    """UpdateDataset: another schema of the same type; it counts from the next import on."""
    dataset = context.store.get(request["datasetArn"], "dataset")
    schema = context.store.get(request["schemaArn"], "schema")
    kind, _ = fields_of(schema.body["schema"])
    if kind != dataset.body["datasetType"]:
        raise invalid(f"The schema {schema.arn} is one of dataset type {kind}, not {dataset.body['datasetType']}.")
    context.store.change(dataset.arn, schemaArn=schema.arn)
    return {"datasetArn": dataset.arn}


def list_datasets(context: Context, request: Request) -> Answer:
    """ListDatasets, of one group or of all."""
    entries = [described(r, "datasetArn") for r in context.store.all("dataset", request.get("datasetGroupArn"))]
    return listed(request, "datasets", entries, "datasetArn")


def delete_dataset(context: Context, request: Request) -> Answer:
    """DeleteDataset with its import jobs and the service's copy of the data."""
    dataset = context.store.get(request["datasetArn"], "dataset")
    with context.store.lock:
        jobs = context.store.all("datasetImportJob", dataset.arn)
        _refuse_while_busy(context, dataset, jobs)
        for job in jobs:
            context.store.delete(job.arn)
        context.store.delete(dataset.arn)
    delete_objects(context, f"datasets/{dataset.body['_id']}/" if "_id" in dataset.body else None)
    return {}


def _refuse_while_busy(context: Context, dataset: Resource, jobs: list[Resource]) -> None:
    for job in jobs:
        if job.body["status"] in UNFINISHED:
            raise in_use(f"The dataset {dataset.arn} has the import job {job.arn} in status {job.body['status']}.")
    for solution in context.store.all("solution", dataset.parent):
        for version in context.store.all("solutionVersion", solution.arn):
            status = training.progress(context.engine, version.body["_job"], created=version.created).status
            if status in training.PENDING:
                raise in_use(f"The dataset {dataset.arn} is used by {version.arn} in status {status}.")


def create_dataset_import_job(context: Context, request: Request) -> Answer:
    """CreateDatasetImportJob; a worker does the rest."""
    dataset = context.store.get(request["datasetArn"], "dataset")
    location = request["dataSource"].get("dataLocation", "")
    if not location.startswith("s3://"):
        raise invalid(f"Invalid Data location. It must start with s3://, got {location!r}.")
    if "roleArn" not in request:
        raise invalid("roleArn is required to read from Amazon S3.")
    if request.get("publishAttributionMetricsToS3", False):
        raise invalid("The local Personalize has no metric attributions; leave out publishAttributionMetricsToS3.")
    arn = context.arns.of("dataset-import-job", request["jobName"])
    body: dict[str, Any] = {
        "jobName": request["jobName"],
        "datasetArn": dataset.arn,
        "dataSource": request["dataSource"],
        "roleArn": request["roleArn"],
        "importMode": request.get("importMode", "FULL"),
        "publishAttributionMetricsToS3": False,
        "status": "CREATE PENDING",
    }
    with context.store.lock:
        pending = [r for r in context.store.all("datasetImportJob") if r.body["status"] in UNFINISHED]
        if len(pending) >= MAX_PENDING_IMPORTS:
            raise too_many_pending(MAX_PENDING_IMPORTS)
        context.store.add("datasetImportJob", arn, body, parent=dataset.arn, tags=request.get("tags", ()))
    context.import_data(arn)
    return {"datasetImportJobArn": arn}


def describe_dataset_import_job(context: Context, request: Request) -> Answer:
    """DescribeDatasetImportJob."""
    job = context.store.get(request["datasetImportJobArn"], "datasetImportJob")
    return {"datasetImportJob": described(job, "datasetImportJobArn")}


def list_dataset_import_jobs(context: Context, request: Request) -> Answer:
    """ListDatasetImportJobs, of one dataset or of all."""
    jobs = context.store.all("datasetImportJob", request.get("datasetArn"))
    entries = [described(r, "datasetImportJobArn") for r in jobs]
    return listed(request, "datasetImportJobs", entries, "datasetImportJobArn")


def delete_objects(context: Context, prefix: str | None) -> None:
    """Remove what the service itself has stored under a prefix; nothing for None."""
    if prefix is None:
        return
    for found in context.s3.get_paginator("list_objects_v2").paginate(Bucket=context.bucket, Prefix=prefix):
        for entry in found.get("Contents", []):
            context.s3.delete_object(Bucket=context.bucket, Key=entry["Key"])


OPERATIONS = {
    "CreateDataset": create_dataset,
    "CreateDatasetGroup": create_dataset_group,
    "CreateDatasetImportJob": create_dataset_import_job,
    "CreateSchema": create_schema,
    "DeleteDataset": delete_dataset,
    "DeleteDatasetGroup": delete_dataset_group,
    "DeleteSchema": delete_schema,
    "DescribeDataset": describe_dataset,
    "DescribeDatasetGroup": describe_dataset_group,
    "DescribeDatasetImportJob": describe_dataset_import_job,
    "DescribeSchema": describe_schema,
    "ListDatasetGroups": list_dataset_groups,
    "ListDatasetImportJobs": list_dataset_import_jobs,
    "ListDatasets": list_datasets,
    "ListSchemas": list_schemas,
    "UpdateDataset": update_dataset,
}
