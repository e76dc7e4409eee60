"""Dataset import jobs: CSV files from the user's bucket, checked row by row, copied into the service's own bucket."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.engine.training.channels import objects_under, split_s3_uri

from .schemas import Field

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIN_INTERACTIONS = 1000
SHOWN_ROWS = 3


class RefusedImportError(Exception):
    """The data cannot be imported; the text is the job's failure reason."""


@dataclass
class Rows:
    """Counts of an import."""

    good: int = 0
    bad: int = 0
    examples: list[str] = field(default_factory=list)

    def refuse(self, where: str, why: str) -> None:
        """Count a row that does not conform, and keep the first few for the report."""
        self.bad += 1
        if len(self.examples) < SHOWN_ROWS:
            self.examples.append(f"{where}: {why}")


def import_csv(
    s3: S3Client,
    source: str,
    target: str,
    fields: tuple[Field, ...],
    *,
    least: int,
    proceed: Callable[[], None],
) -> Rows:
    """Check all CSV files of a location and copy them.

    Args:
        s3: The client.
        source: `s3://bucket/key` of a file or a folder.
        target: `s3://bucket/prefix` that the copies get.
        fields: The schema's columns.
        least: Rows that must be there.
        proceed: Called before each file; raises to give up.

    Raises:
        RefusedImportError: Nothing is there, it cannot be read, or rows do not conform; nothing is copied then.
    """
    folder = Path(tempfile.mkdtemp(prefix="personalize-import-"))
    try:
        files = _download(s3, source, folder, proceed)
        rows = Rows()
        for path in files:
            proceed()
            _check(path, fields, rows)
        _judge(rows, least)
        bucket, prefix = split_s3_uri(target)
        for number, path in enumerate(files):
            s3.upload_file(str(path), bucket, f"{prefix}/{number:05d}.csv")
        return rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(s3: S3Client, source: str, folder: Path, proceed: Callable[[], None]) -> list[Path]:
    try:
        found = [o for o in objects_under(s3, source) if o.key.endswith(".csv")]
        if not found:
            raise RefusedImportError(f"Invalid Data location. No CSV file is at {source}.")
        paths = []
        for number, entry in enumerate(found):
            proceed()
            paths.append(folder / f"{number:05d}-{Path(entry.key).name}")
            s3.download_file(entry.bucket, entry.key, str(paths[-1]))
    except (ClientError, BotoCoreError, ValueError) as error:
        raise RefusedImportError(f"Invalid Data location. {source} cannot be read: {error}") from None
    return paths


def _check(path: Path, fields: tuple[Field, ...], rows: Rows) -> None:
    name = path.name.partition("-")[2]
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            missing = [f.name for f in fields if f.name not in header]
            if missing:
                raise RefusedImportError(f"Input CSV is missing the following columns: [{', '.join(missing)}].")
            columns = [(header.index(f.name), f) for f in fields]
            for row in reader:
                if why := _fault(row, len(header), columns):
                    rows.refuse(f"{name}, line {reader.line_num}", why)
                else:
                    rows.good += 1
    except (csv.Error, UnicodeDecodeError) as error:
        raise RefusedImportError(f"Input CSV {name} is not readable: {error}.") from None


def _fault(row: list[str], width: int, columns: list[tuple[int, Field]]) -> str | None:
    """What is wrong with a row, or None."""
    if len(row) != width:
        return f"{len(row)} values for {width} columns"
    for index, column in columns:
        if not column.accepts(row[index]):
            return f"{column.name} must be {' or '.join(column.types)}, got {row[index]!r}"
    return None


def _judge(rows: Rows, least: int) -> None:
    if rows.bad:
        shown = "; ".join(rows.examples)
        raise RefusedImportError(
            f"Input CSV has {rows.bad} of {rows.good + rows.bad} rows that do not conform to the dataset schema. "
            f"{shown}."
        )
    if rows.good < least:
        raise RefusedImportError(f"Input CSV has {rows.good} records, a dataset import job needs at least {least}.")
