"""Objects of the local S3 as files of this machine: a channel in mode FastFile needs no copy of them.

The emulator keeps each object in a file of its own, which it never writes to again: a new content is a new file in its
place. So a hard link is the object as it was when the job began, at once and without room. Whoever wrote into it would
change the object, so it is for programs alone that find their channel read-only, as FastFile is on AWS.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.local.home import ACCOUNT, Home

from . import namespace
from .channels import S3Object
from .images import LocalImage

_TRIAL = "import runpy, sys; from pathlib import Path; p = Path(sys.argv[2]); "
_TRIAL += "runpy.run_path(sys.argv[1])['enter']([(p, p, True)], p / 'spare')"


class LocalObjects:
    """The files of the emulator's objects.

    Args:
        home: The state folder.
    """

    def __init__(self, home: Home) -> None:
        self._folder = home.ministack / "s3" / ACCOUNT

    def link(self, one: S3Object, file: Path) -> bool:
        """Make a file that is the object; False, and no file, where the object is not known to lie here."""
        source = self._folder / one.bucket / one.key
        if ".." in source.parts or not source.is_relative_to(self._folder):
            return False
        try:
            described = json.loads(source.with_name(f"{source.name}.meta.json").read_text())
            if (described["key"], described["etag"].strip('"')) != (one.key, one.etag.strip('"')):
                return False
            if source.is_symlink() or source.stat().st_size != one.size:
                return False
            os.link(source, file)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):  # another S3, another disk, no such path
            return False
        return True


def keeps_channels(image: LocalImage) -> bool:
    """Whether a program leaves its channels as they are: our own do, others can be made to."""
    return image.built_in or image.container is not None or can_mount()


@functools.cache
def can_mount() -> bool:
    """Whether programs of this machine can be given folders that are read-only for them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-I", "-S", "-c", _TRIAL, namespace.__file__, folder]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
