"""A mount namespace in which folders of a job stand elsewhere, as in a container: its `ml` at /opt/ml. Linux only.

Used by the supervisor, standard library only. Root needs no more than a mount namespace; other users get one through a
user namespace, in which they keep their user id and no other. Where the system allows neither, nothing changes.
"""

from __future__ import annotations

import ctypes
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUSER = 0x10000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000

_KEPT = {os.ST_NOSUID: 0x2, os.ST_NODEV: 0x4, os.ST_NOEXEC: 0x8} if hasattr(os, "ST_NODEV") else {}
"""Flags of a file system that a user namespace must not drop, and what mount calls them."""


def enter(mounts: Sequence[tuple[Path, Path, bool]], spare: Path) -> None:
    """Let folders stand elsewhere for this process and what it starts from now on.

    Args:
        mounts: Each folder, where it is to stand, and whether it must not be written to. A place that is not there is
            made, for this process alone.
        spare: An empty folder to work with; its siblings of the same name with a number too.

    Raises:
        OSError: The system does not allow it, or it is not Linux. The process may be in a namespace of its own then,
            with some of the folders in place.
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
    spares = (spare.with_name(f"{spare.name}{number}") for number in itertools.count())
    for source, target, read_only in mounts:
        if not target.is_dir():
            _make_room(libc, target, next(spares))
        _mount(libc, source, target, MS_BIND | MS_REC)
        if read_only:
            flags = os.statvfs(target).f_flag
            kept = sum(flag for seen, flag in _KEPT.items() if flags & seen)
            _mount(libc, None, target, MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def _make_room(libc: ctypes.CDLL, point: Path, spare: Path) -> None:
    """Make a folder where there is none, in memory: over the nearest one that is there, with everything in that."""
    parent = next(folder for folder in point.parents if folder.is_dir())
    spare.mkdir(exist_ok=True)
    _mount(libc, Path("tmpfs"), spare, 0, kind=b"tmpfs")
    for entry in parent.iterdir():
        place = spare / entry.name
        if entry.is_symlink():
            place.symlink_to(entry.readlink())
            continue
        if entry.is_dir():
            place.mkdir()
        else:
            place.touch()
        _mount(libc, entry, place, MS_BIND | MS_REC)
    (spare / point.relative_to(parent)).mkdir(parents=True)
    if parent == Path("/"):  # nothing can be mounted over it
        os.chroot(spare)
        os.chdir("/")
    else:
        _mount(libc, spare, parent, MS_BIND | MS_REC)


def _mount(libc: ctypes.CDLL, source: Path | None, target: Path, flags: int, *, kind: bytes | None = None) -> None:
    what = None if source is None else os.fsencode(source)
    _check(libc.mount(what, os.fsencode(target), kind, ctypes.c_ulong(flags), None), f"mount at {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
