"""Feeds the named pipes of channels in Pipe mode, until it is killed.

Started as a file by the supervisor, standard library only. `pipes.json` in the job folder has, for each channel, its
path without `_<epoch>`, `groups` (each a list of pieces that stay together: `{"file": path}` or `{"text": text}`),
`record_io`, `gzip` and `seed` (of the shuffle; null for none). For each epoch there is one pipe: `<path>_0`, then
`<path>_1`, and so on, the next one made before the one before it ends.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import shutil
import struct
import sys
import threading
from pathlib import Path
from typing import IO, Any, cast

RECORD_IO_MAGIC = 0xCED7230A
LONGEST_RECORD = 1 << 29


def main(folder: Path) -> None:
    """Feed all channels, each in a thread of its own."""
    for channel in json.loads((folder / "pipes.json").read_text()):
        threading.Thread(target=feed, args=(channel,)).start()


def make_pipe(path: str, epoch: int) -> Path:
    """The pipe of an epoch; made anew where an earlier attempt has left one."""
    pipe = Path(f"{path}_{epoch}")
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    pipe.chmod(0o644)  # whatever the umask: the program of a container may have another user
    return pipe


def feed(channel: dict[str, Any]) -> None:
    """Feed one channel, epoch after epoch."""
    epoch = 0
    while True:
        pipe = Path(f"{channel['path']}_{epoch}")  # the first one was there before the program
        with contextlib.suppress(BrokenPipeError), pipe.open("wb") as sink:  # waits for the program to open it
            make_pipe(channel["path"], epoch + 1)
            write_epoch(channel, epoch, sink)
        epoch += 1


def write_epoch(channel: dict[str, Any], epoch: int, sink: IO[bytes]) -> None:
    """Write all of a channel once."""
    groups = list(channel["groups"])
    if channel["seed"] is not None:
        random.Random(f"{channel['seed']}/{epoch}").shuffle(groups)  # noqa: S311 (an order, not a secret)
    for group in groups:
        for piece in group:
            if channel["record_io"]:
                sink.write(record(_whole(piece, unpack=channel["gzip"])))
            elif "text" in piece:
                sink.write(piece["text"].encode())
            else:
                with _open(piece["file"], unpack=channel["gzip"]) as source:
                    shutil.copyfileobj(source, sink)


def record(content: bytes) -> bytes:
    """Content as one RecordIO record: magic number, length, content, padding to 4 bytes."""
    if len(content) >= LONGEST_RECORD:
        raise ValueError(f"a RecordIO record must be shorter than {LONGEST_RECORD} bytes, got {len(content)}")
    return struct.pack("<II", RECORD_IO_MAGIC, len(content)) + content + b"\0" * (-len(content) % 4)


def _whole(piece: dict[str, str], *, unpack: bool) -> bytes:
    if "text" in piece:
        return piece["text"].encode()
    with _open(piece["file"], unpack=unpack) as source:
        return source.read()


def _open(path: str, *, unpack: bool) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if unpack else Path(path).open("rb")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
