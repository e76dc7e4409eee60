"""The state of a training that is interrupted, and how it is put on disk."""

from __future__ import annotations

import dataclasses
import os
import pickle
from pathlib import Path
from typing import Any

import torch

from infra.container import ClientError

from .memory import is_out_of_memory

STATE_FILE = "training-state.pt"


@dataclasses.dataclass
class Progress:
    """How far a training is; with the parameters and the generators' states, all that it needs to go on."""

    epoch: int = 0
    batch: int = 0  # batches done in this epoch
    updates: int = 0
    samples: int = 0
    length_ratio: float = 0.0  # mean target to source length; 0 until the data have been seen
    checkpoint: int = 0  # number of the last checkpoint
    evaluated_updates: int = 0  # updates at the last checkpoint
    stale: int = 0  # checkpoints in a row without improvement
    best_checkpoint: int = 0  # 0: none yet
    best_metrics: dict[str, float] = dataclasses.field(default_factory=dict)
    loss: float = 0.0  # sums over the target tokens since the last checkpoint
    correct: int = 0
    tokens: int = 0


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Replaces the state on disk as a whole: a process killed meanwhile, or a full disk, leaves the state before."""
    partial = folder / f".{STATE_FILE}.partial"
    try:
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / STATE_FILE)
    except Exception:
        partial.unlink(missing_ok=True)  # its room may be wanted for the reason
        raise


def load_state(folder: Path, identity: dict[str, Any]) -> dict[str, Any] | None:
    """The state on disk, if there is one.

    Args:
        folder: Where checkpoints lie.
        identity: What must be the same as when the state was saved: hyperparameters and vocabularies.

    Raises:
        ClientError: The state cannot be read, or belongs to a training with other hyperparameters or data.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        return None
    state = _read(path)
    saved = state["identity"]
    changed = sorted(name for name in saved.keys() | identity.keys() if saved.get(name) != identity.get(name))
    if changed:
        raise ClientError(
            f"the checkpoint {path} belongs to a training that differs in {', '.join(changed)}; "
            "use another checkpoint location for this one"
        )
    return state


def _read(path: Path) -> dict[str, Any]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    # torch has no class for what is wrong with a file
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, LookupError, ValueError) as error:
        if is_out_of_memory(error):
            raise
        raise _unreadable(path) from error
    if not isinstance(state, dict) or "identity" not in state:
        raise _unreadable(path)
    return state


def _unreadable(path: Path) -> ClientError:
    return ClientError(
        f"the checkpoint {path} cannot be read: remove it to start anew, or use another checkpoint location"
    )
