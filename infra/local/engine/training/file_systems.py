"""Channels that lie on a file system of the account's network: a local folder plays each of those."""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

from infra.local.home import Home

from .checkpoints import OPT_ML
from .mounts import Mount


class FileSystemError(LookupError):
    """A channel's file system has no local folder, or that has no such directory; the text says what to do."""


def register_file_system(home: Home, file_system: str, folder: Path) -> None:
    """Let a folder play a file system from now on, as `tuning local file-system` does.

    Args:
        home: The state folder.
        file_system: The file system's id, such as fs-0123456789abcdef0.
        folder: What is at the file system's root; of FSx for Lustre, at its mount name.
    """
    _write(home, {**registered_file_systems(home), file_system: str(folder)})


def remove_file_system(home: Home, file_system: str) -> bool:
    """Forget a file system; its folder stays. Says whether there was one of that id."""
    folders = registered_file_systems(home)
    if folders.pop(file_system, None) is None:
        return False
    _write(home, folders)
    return True


def registered_file_systems(home: Home) -> dict[str, str]:
    """The folders by the file systems' ids.

    Raises:
        ValueError: The registry is not readable.
    """
    registry = home.file_systems_json
    try:
        folders: dict[str, str] = json.loads(registry.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(
            f"the registry of file systems {registry} cannot be read: {error}; mend or remove it"
        ) from error
    return folders


def file_system_of(channel: dict[str, Any]) -> dict[str, Any] | None:
    """The FileSystemDataSource of an InputDataConfig entry; None where it is in S3."""
    source: dict[str, Any] | None = channel["DataSource"].get("FileSystemDataSource")
    return source


def channel_directory(home: Home, channel: dict[str, Any]) -> Path:
    """The local directory of a channel on a file system.

    Raises:
        FileSystemError: There is none.
    """
    source, name = file_system_of(channel) or {}, channel["ChannelName"]
    file_system, path = source["FileSystemId"], PurePosixPath(source["DirectoryPath"])
    folder = registered_file_systems(home).get(file_system)
    if folder is None:
        raise FileSystemError(
            f"file system {file_system} of channel {name} has no local folder; name one with "
            f"`tuning local file-system {file_system} FOLDER` and create the job again"
        )
    if not path.is_absolute() or ".." in path.parts:
        raise FileSystemError(f"DirectoryPath of channel {name} must be a full path without .., got {str(path)!r}")
    below = path.parts[2:] if source["FileSystemType"] == "FSxLustre" else path.parts[1:]
    directory = Path(folder, *below)
    if not directory.is_dir():
        raise FileSystemError(
            f"DirectoryPath {path} of channel {name} is not there: {file_system} is played by {folder}, "
            f"which makes it {directory}"
        )
    return directory


def link_channel(home: Home, channel: dict[str, Any], target: Path) -> None:
    """Let a channel's folder lead to its directory.

    Raises:
        FileSystemError: There is none.
    """
    directory = channel_directory(home, channel)
    target.unlink(missing_ok=True)  # of an earlier attempt
    target.symlink_to(directory, target_is_directory=True)


def file_system_mounts(home: Home, request: dict[str, Any]) -> list[Mount]:
    """The directories of a request's channels on file systems, as a container has them.

    Raises:
        FileSystemError: One is not there.
    """
    return [
        Mount(
            str(channel_directory(home, channel)),
            str(OPT_ML / "input/data" / channel["ChannelName"]),
            read_only=source["FileSystemAccessMode"] == "ro",
        )
        for channel in request.get("InputDataConfig", [])
        if (source := file_system_of(channel)) is not None
    ]


def _write(home: Home, folders: dict[str, str]) -> None:
    partial = home.file_systems_json.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(folders, indent=2, sort_keys=True) + "\n")
    partial.replace(home.file_systems_json)
