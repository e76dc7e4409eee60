"""The one folder that holds everything of a local AWS."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "000000000000"
"""The account of the local AWS, ministack's own default."""

DEFAULT_REGION = "us-east-1"
"""The region where neither AWS_REGION nor the running local AWS says otherwise."""

FOLDER = ".tuning"
VARIABLE = "TUNING_HOME"
MARKER = ".tuning-home"


@dataclass(frozen=True)
class Home:
    """The state folder of a local AWS. Nothing in it is shared between two homes.

    Args:
        path: The folder. Made by `create`, so that a command that only looks leaves no trace.
    """

    path: Path

    @classmethod
    def default(cls, environ: Mapping[str, str] = os.environ) -> Home:
        """`TUNING_HOME`, or `.tuning` below the current folder."""
        chosen = environ.get(VARIABLE, "")
        return cls((Path(chosen) if chosen else Path(FOLDER)).absolute())

    def create(self) -> Home:
        """Make the folder and its marker where they are missing."""
        for folder in (self.path, self.logs, self.training_jobs, self.ministack):
            folder.mkdir(parents=True, exist_ok=True)
        if not self.marker.exists():
            self.marker.write_text("state of a local AWS; `tuning local reset` removes this folder\n")
        return self

    @property
    def exists(self) -> bool:
        """Whether the folder is a home, and not any folder of that name."""
        return self.marker.is_file()

    @property
    def marker(self) -> Path:
        """The file that makes the folder a home: nothing without it is ever deleted."""
        return self.path / MARKER

    @property
    def local_json(self) -> Path:
        """Ports and process ids of what is running."""
        return self.path / "local.json"

    @property
    def lock(self) -> Path:
        """Held by `up`, `down` and `reset`, so that two of them never interleave."""
        return self.path / "local.lock"

    @property
    def endpoint_lock(self) -> Path:
        """Held by the one endpoint process of this home for as long as it lives."""
        return self.path / "endpoint.lock"

    @property
    def engine_lock(self) -> Path:
        """Held by the one engine of this home, where it runs outside the endpoint too."""
        return self.path / "engine.lock"

    @property
    def ministack(self) -> Path:
        """The emulator's persisted state."""
        return self.path / "ministack"

    @property
    def logs(self) -> Path:
        """`ministack.log` and `endpoint.log`."""
        return self.path / "logs"

    @property
    def engine_db(self) -> Path:
        """The engine's record."""
        return self.path / "engine.sqlite3"

    @property
    def service_quotas_json(self) -> Path:
        """Granted quotas and the history of requests."""
        return self.path / "service-quotas.json"

    @property
    def training_jobs(self) -> Path:
        """One folder per training job."""
        return self.path / "training-jobs"

    @property
    def file_systems_json(self) -> Path:
        """Folders registered by `tuning local file-system`."""
        return self.path / "file-systems.json"

    @property
    def images_json(self) -> Path:
        """Images registered by `tuning local image`."""
        return self.path / "images.json"


def local_region(environ: Mapping[str, str] = os.environ) -> str:
    """`AWS_REGION`, then `AWS_DEFAULT_REGION`, then us-east-1."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
