"""Models of rounds before the last one, from which an interrupted training goes on; named as SageMaker's are."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from .library import xgb

NAME = "xgboost-checkpoint"

KEPT = 2
"""Checkpoints on disk; one more than needed, should the newest be damaged."""

SECONDS = 1.0
"""Time between two of them: writing the whole model after each round would take longer than a round."""


class Checkpoints:
    """The checkpoints of one job.

    Args:
        folder: Where they lie; SageMaker keeps it in step with S3.
        seconds: Least time between two.
    """

    def __init__(self, folder: Path, seconds: float = SECONDS) -> None:
        self._folder = folder
        self._seconds = seconds
        self._written = time.monotonic()

    def newest(self, log: Callable[[str], None]) -> xgb.Booster | None:
        """The newest model that can be read; None if there is none."""
        for path in reversed(self._paths()):
            try:
                return xgb.Booster(model_file=bytearray(path.read_bytes()))
            except (xgb.core.XGBoostError, OSError) as error:
                log(f"Checkpoint {path.name} cannot be read and is left out: {str(error).splitlines()[0]}")
        return None

    def due(self) -> bool:
        """Whether it is time for another one."""
        return time.monotonic() - self._written >= self._seconds

    def write(self, model: xgb.Booster) -> None:
        """Write the model so far, and remove old ones."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_model(model, self._folder / f"{NAME}.{model.num_boosted_rounds() - 1}")
        for old in self._paths()[:-KEPT]:
            old.unlink(missing_ok=True)
        self._written = time.monotonic()

    def _paths(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        found = [path for path in self._folder.iterdir() if re.fullmatch(rf"{NAME}\.[0-9]+", path.name)]
        return sorted(found, key=lambda path: int(path.suffix[1:]))


def write_model(model: xgb.Booster, path: Path) -> None:
    """Write a model in the library's binary form (UBJSON), whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(model.save_raw("ubj"))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
