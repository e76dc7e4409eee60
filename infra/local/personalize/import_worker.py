"""The worker of dataset import jobs. It keeps nothing but the record: what a process left, the next one does again."""

from __future__ import annotations

import logging
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .datasets import UNFINISHED
from .importing import MIN_INTERACTIONS, RefusedImportError, import_csv
from .schemas import fields_of
from .store import Resource, Store

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_log = logging.getLogger(__name__)


class _ClosingError(Exception):
    """The service closes; the job stays as it is in the record."""


class ImportWorker:
    """Imports one job after the other.

    Args:
        store: The record.
        s3: The local S3.
        bucket: The service's own bucket; made where it is missing.
    """

    def __init__(self, store: Store, s3: S3Client, bucket: str) -> None:
        self._store = store
        self._s3 = s3
        self._bucket = bucket
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="personalize-import")

    def resume(self) -> None:
        """Take up the jobs that an earlier process has left."""
        for job in self._store.all("datasetImportJob"):
            if job.body["status"] in UNFINISHED:
                self.submit(job.arn)

    def submit(self, arn: str) -> None:
        """Import a recorded job soon."""
        self._pool.submit(self._run, arn)

    def close(self) -> None:
        """Give up between two files; unfinished jobs begin anew at the next start."""
        self._closing.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, arn: str) -> None:
        try:
            self._proceed()
            self._store.change(arn, status="CREATE IN_PROGRESS")
            job = self._store.get(arn)
            self._import(job)
            self._store.change(arn, status="ACTIVE")
        except _ClosingError:
            return
        except RefusedImportError as error:
            self._store.change(arn, status="CREATE FAILED", failureReason=str(error))
        except Exception as error:
            _log.exception("dataset import job %s", arn)
            reason = f"InternalServerError: {type(error).__name__}: {error}"
            self._store.change(arn, status="CREATE FAILED", failureReason=reason)

    def _proceed(self) -> None:
        if self._closing.is_set():
            raise _ClosingError

    def _import(self, job: Resource) -> None:
        dataset = self._store.get(job.body["datasetArn"], "dataset")
        schema = self._store.get(dataset.body["schemaArn"], "schema")
        kind, fields = fields_of(schema.body["schema"])
        self._make_bucket()
        identifier = dataset.body.get("_id", secrets.token_hex(8))
        # Each import makes a new version of the data, so that trainings that run keep theirs.
        prefix = f"datasets/{identifier}/{secrets.token_hex(8)}"
        incremental = job.body["importMode"] == "INCREMENTAL"
        before = dataset.body.get("_data") if incremental else None
        target = f"s3://{self._bucket}/{prefix}"
        import_csv(
            self._s3,
            job.body["dataSource"]["dataLocation"],
            f"{target}/{secrets.token_hex(4)}",
            fields,
            least=MIN_INTERACTIONS if kind == "INTERACTIONS" else 1,
            proceed=self._proceed,
        )
        if before is not None:
            self._copy(before, prefix)
        self._store.change(dataset.arn, _id=identifier, _data=target)

    def _copy(self, before: str, prefix: str) -> None:
        """What the dataset had goes on to the new version."""
        old = before.removeprefix(f"s3://{self._bucket}/") + "/"
        for found in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=old):
            for entry in found.get("Contents", []):
                self._proceed()
                key = f"{prefix}/{entry['Key'].removeprefix(old)}"
                self._s3.copy_object(
                    Bucket=self._bucket, Key=key, CopySource={"Bucket": self._bucket, "Key": entry["Key"]}
                )

    def _make_bucket(self) -> None:
        names = {bucket["Name"] for bucket in self._s3.list_buckets()["Buckets"]}
        if self._bucket not in names:
            self._s3.create_bucket(Bucket=self._bucket)
