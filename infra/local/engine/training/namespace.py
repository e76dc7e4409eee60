"""A mount namespace in which a job's folder stands at /opt/ml, as in a container. Linux only.

Used by the supervisor, standard library only. Root needs no more than a mount namespace; other users get one through a
user namespace, in which they keep their user id and no other. Where the system allows neither, nothing changes.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000

MOUNT_POINT = Path("/opt/ml")


def enter(ml: Path, spare: Path) -> None:
    """Let `ml` stand at /opt/ml for this process and what it starts from now on.

    Args:
        ml: The folder.
        spare: An empty folder to work with.

    Raises:
        OSError: The system does not allow it, or it is not Linux. The process may be in a namespace of its own then,
            with the same file systems as before.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare"):
        raise OSError("no namespaces on this system")
    user, group = os.getuid(), os.getgid()
    if user != 0 or libc.unshare(CLONE_NEWNS) != 0:
        _check(libc.unshare(CLONE_NEWUSER | CLONE_NEWNS), "namespaces")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount(libc, None, Path("/"), MS_REC | MS_PRIVATE)
    if not MOUNT_POINT.is_dir():
        _make_room(libc, spare)
    _mount(libc, ml, MOUNT_POINT, MS_BIND | MS_REC)


def _make_room(libc: ctypes.CDLL, spare: Path) -> None:
    """Put a folder in memory over /opt (or /), with everything that was there and the mount point."""
    parent = MOUNT_POINT.parent
    if not parent.is_dir():
        raise OSError(f"there is no {parent}")
    spare.mkdir(exist_ok=True)
    _mount(libc, parent, spare, MS_BIND | MS_REC)
    _mount(libc, Path("tmpfs"), parent, 0, kind=b"tmpfs")
    for entry in spare.iterdir():
        place = parent / entry.name
        if entry.is_symlink():
            place.symlink_to(entry.readlink())
            continue
        if entry.is_dir():
            place.mkdir()
        else:
            place.touch()
        _mount(libc, entry, place, MS_BIND | MS_REC)
    MOUNT_POINT.mkdir()


def _mount(libc: ctypes.CDLL, source: Path | None, target: Path, flags: int, *, kind: bytes | None = None) -> None:
    what = None if source is None else os.fsencode(source)
    _check(libc.mount(what, os.fsencode(target), kind, ctypes.c_ulong(flags), None), f"mount at {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
