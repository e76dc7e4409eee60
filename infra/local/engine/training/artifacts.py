"""Artifacts: what a training job leaves in S3."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .channels import LARGE, split_s3_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def model_artifacts(request: dict[str, Any]) -> str:
    """The S3 URI of a training job's model."""
    output = f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{request['TrainingJobName']}/output"
    return f"{output}/model/" if _uncompressed(request) else f"{output}/model.tar.gz"


def upload_artifacts(s3: S3Client, request: dict[str, Any], ml: Path, *, with_model: bool) -> None:
    """Put the model and the output data of a job into S3. Done again, it gives the same.

    Args:
        s3: The client.
        request: The training job's request.
        ml: The folder that plays /opt/ml.
        with_model: Whether the job has a model; a failed one has none.
    """
    destination = model_artifacts(request).rpartition("/output/")[0] + "/output"
    folders = {"output": ml / "output" / "data", **({"model": ml / "model"} if with_model else {})}
    for name, folder in folders.items():
        if name == "output" and not any(folder.iterdir()):
            continue
        if _uncompressed(request):
            _upload_folder(s3, folder, f"{destination}/{name}")
        else:
            _upload_archive(s3, folder, f"{destination}/{name}.tar.gz", ml.parent / f"{name}.tar.gz")


def _uncompressed(request: dict[str, Any]) -> bool:
    return bool(request["OutputDataConfig"].get("CompressionType") == "NONE")


def _upload_folder(s3: S3Client, folder: Path, uri: str) -> None:
    bucket, key = split_s3_uri(uri)
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        _upload(s3, file, bucket, f"{key}/{file.relative_to(folder).as_posix()}")


def _upload_archive(s3: S3Client, folder: Path, uri: str, archive: Path) -> None:
    bucket, key = split_s3_uri(uri)
    # Level 1: models hardly shrink, and the slot is waiting for the next training job.
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for file in sorted(folder.iterdir()):
            tar.add(file, arcname=file.name)
    _upload(s3, archive, bucket, key)
    archive.unlink()


def _upload(s3: S3Client, file: Path, bucket: str, key: str) -> None:
    """Put a file into S3; a small one without the threads that `upload_file` starts."""
    if file.stat().st_size >= LARGE:
        s3.upload_file(str(file), bucket, key)
        return
    with file.open("rb") as source:
        s3.put_object(Bucket=bucket, Key=key, Body=source)
