"""One engine on a state folder at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from .errors import EngineInUseError


class FolderLock:
    """An advisory lock on a file, held until `release` or the end of the process, however it ends.

    Args:
        path: The lock file; it holds the owner's process id for people.

    Raises:
        EngineInUseError: Another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            owner = self._file.read().strip()
            self._file.close()
            raise EngineInUseError(
                f"another engine (process {owner}) uses the state folder {path.parent}; "
                "stop it with `tuning local down`, or choose another folder by TUNING_HOME"
            ) from None
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let the next engine in."""
        self._file.close()


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock; a file that is not there is not held."""
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
