"""Checkpoints: kept in S3 while a job runs, and brought back when it is run again."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.local.engine.records import TrainingJob

from .channels import channel_objects, inside, split_s3_uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_logger = logging.getLogger(__name__)

OPT_ML = Path("/opt/ml")
"""Where a container finds its folder."""

DEFAULT_PATH = str(OPT_ML / "checkpoints")


def checkpoint_path(request: dict[str, Any]) -> str:
    """Where a program in a container would keep its checkpoints: CheckpointConfig's LocalPath."""
    path: str = request.get("CheckpointConfig", {}).get("LocalPath", DEFAULT_PATH)
    return path


def is_below_opt_ml(request: dict[str, Any]) -> bool:
    """Whether the checkpoints are in the folder that plays /opt/ml, and no other place is needed for them."""
    return Path(checkpoint_path(request)).is_relative_to(OPT_ML)


def checkpoint_folder(request: dict[str, Any], ml: Path) -> Path:
    """The folder that plays CheckpointConfig's LocalPath."""
    if is_below_opt_ml(request):
        return ml / Path(checkpoint_path(request)).relative_to(OPT_ML)
    return ml.parent / "checkpoints"


def checkpoint_uri(job: TrainingJob) -> str | None:
    """Where a job's checkpoints are in S3; None where it keeps none.

    The training jobs of a tuning job get a folder each, named after them: they must not go on from each other's.
    """
    uri: str | None = job.request.get("CheckpointConfig", {}).get("S3Uri")
    if uri is None or job.tuning_job_arn is None:
        return uri
    return f"{uri.rstrip('/')}/{job.name}"


class Checkpoints(threading.Thread):
    """Copies what changes in the checkpoint folder to S3.

    A file is copied once it has kept its size and time from one look to the next, so that half-written ones do not go.

    Args:
        s3: The client.
        job: The training job.
        ml: The folder that plays /opt/ml.
        interval: Seconds between two looks.
    """

    def __init__(self, s3: S3Client, job: TrainingJob, ml: Path, *, interval: float) -> None:
        super().__init__(name=f"checkpoints-{job.name}", daemon=True)
        self._s3 = s3
        self._uri = checkpoint_uri(job)
        self._folder = checkpoint_folder(job.request, ml)
        self._interval = interval
        self._ended = threading.Event()
        self._seen: dict[Path, tuple[int, int]] = {}
        self._copied: dict[Path, tuple[int, int]] = {}

    def restore(self) -> None:
        """Bring what S3 has and the folder lacks."""
        if self._uri is None:
            return
        for one in channel_objects(self._s3, f"{self._uri.rstrip('/')}/"):
            file = self._folder / inside(one.path)
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                self._s3.download_file(one.bucket, one.key, str(file))
            self._copied[file] = _state(file)

    def start(self) -> None:
        """Begin to look, if the job keeps checkpoints."""
        if self._uri is not None:
            super().start()

    def run(self) -> None:
        """Look until the program has ended."""
        while not self._ended.wait(self._interval):
            self._look(final=False)

    def leave(self) -> None:
        """Look no more; what is left is copied by who takes over."""
        self._ended.set()

    def finish(self) -> None:
        """The program has ended: copy what is left."""
        if self._uri is not None:
            self._ended.set()
            if self.is_alive():
                self.join()
            self._look(final=True)

    def _look(self, *, final: bool) -> None:
        bucket, prefix = split_s3_uri(self._uri or "")
        now = {file: _state(file) for file in sorted(self._folder.rglob("*")) if file.is_file()}
        for file, state in now.items():
            if self._copied.get(file) != state and (final or self._seen.get(file) == state):
                key = "/".join(part for part in (prefix.rstrip("/"), file.relative_to(self._folder).as_posix()) if part)
                try:
                    self._s3.upload_file(str(file), bucket, key)
                except (BotoCoreError, ClientError, OSError) as error:
                    _logger.warning("checkpoint %s stays behind: %s", file, error)
                else:
                    self._copied[file] = state
        self._seen = now


def _state(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except FileNotFoundError:
        return (-1, -1)
    return status.st_mtime_ns, status.st_size
