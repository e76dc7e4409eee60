"""SageMaker's training container contract: where files lie, how a job fails, how it is told to stop.

``SAGEMAKER_BASE_DIR`` stands for ``/opt/ml``, as in the SageMaker toolkits, so that several jobs run on one machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Self

from .errors import ClientError

#: Characters of the failure file that become the job's FailureReason.
FAILURE_REASON_LENGTH = 1024


@dataclass(frozen=True)
class Container:
    """The folder that is ``/opt/ml`` to this job."""

    base: Path

    @classmethod
    def from_environment(cls) -> Self:
        """The container of this process."""
        return cls(Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")))

    @property
    def model(self) -> Path:
        """Becomes model.tar.gz."""
        return self.base / "model"

    @property
    def checkpoints(self) -> Path:
        """Kept in step with S3 while the job runs, where a checkpoint location is configured."""
        return self.base / "checkpoints"

    @property
    def failure(self) -> Path:
        """The file whose text becomes the FailureReason."""
        return self.base / "output" / "failure"

    def hyperparameters(self) -> dict[str, str]:
        """The job's hyperparameters as given: strings; none if the file is missing."""
        raw = self._config("hyperparameters.json", {})
        if not isinstance(raw, dict):
            raise ClientError(f"hyperparameters.json must hold an object, but got {type(raw).__name__}")
        return {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in raw.items()}

    def input_mode(self, channel: str) -> str:
        """``File``, ``FastFile`` or ``Pipe``; the first two are folders of files to us."""
        channels = self._config("inputdataconfig.json", {})
        mode: str = channels.get(channel, {}).get("TrainingInputMode", "File")
        return mode

    def channel(self, name: str) -> Path:
        """The folder of a channel, or in Pipe mode the stem of its named pipes."""
        return self.base / "input" / "data" / name

    def channel_files(self, name: str) -> list[Path]:
        """The files of a channel at any depth, in the order of their paths; hidden files are not data.

        Raises:
            ClientError: The channel is missing, has no file with content or is a stream.
        """
        if self.input_mode(name) == "Pipe":
            raise ClientError(f"channel {name!r} must be files: set its InputMode to File or FastFile, but got Pipe")
        folder = self.channel(name)
        if not folder.is_dir():
            raise ClientError(
                f"channel {name!r} is missing: {folder} does not exist; the algorithm needs the channels "
                "train, validation and vocab in InputDataConfig"
            )
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        if not any(path.stat().st_size for path in files):
            raise ClientError(
                f"channel {name!r} is empty: no data in {folder}; put its files under the channel's S3Uri"
            )
        return files

    def _config(self, name: str, default: Any) -> Any:
        path = self.base / "input" / "config" / name
        if not path.exists():
            return default
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ClientError(f"{name} is not JSON: {error}") from error

    def forget_failure(self) -> None:
        """Removes the reason why a run before this one failed."""
        self.failure.unlink(missing_ok=True)

    def write_failure(self, reason: str) -> None:
        """Leaves the reason of a failed job for the service to pick up.

        The first of several processes to fail says why; the others fail because it did.
        """
        self.failure.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError), self.failure.open("x", encoding="utf-8") as file:
            file.write(reason[:FAILURE_REASON_LENGTH])


class StopRequest:
    """Set by SIGTERM, upon which a job has 120 seconds to put its results away and end."""

    def __init__(self) -> None:
        self.received = False
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        self.received = True
