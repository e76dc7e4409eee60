"""The state of an interrupted training on disk: whole or not there, and only for the training that it is of."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from infra.container import ClientError, exit_code_of
from infra.seq2seq.checkpoint import load_state, save_state

_IDENTITY = {"batch_size": "64", "seed": 1}
_STATE = {"identity": _IDENTITY, "model": {"weight": torch.arange(1000.0)}}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    assert load_state(tmp_path, _IDENTITY) is None
    save_state(tmp_path, _STATE)
    found = load_state(tmp_path, _IDENTITY)
    assert found is not None
    assert torch.equal(found["model"]["weight"], _STATE["model"]["weight"])  # type: ignore[index]
    assert [path.name for path in tmp_path.iterdir()] == ["training-state.pt"]


def test_another_trainings_state_is_refused_by_name(tmp_path: Path) -> None:
    save_state(tmp_path, _STATE)
    with pytest.raises(ClientError) as error:
        load_state(tmp_path, {"batch_size": "32", "seed": 1, "beam_size": "5"})
    assert str(error.value) == (
        f"the checkpoint {tmp_path}/training-state.pt belongs to a training that differs in batch_size, beam_size; "
        "use another checkpoint location for this one"
    )


def _saved(value: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


_WHOLE = _saved(_STATE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03",
        b"hello world\n" * 10,
        _WHOLE[: len(_WHOLE) // 2],
        _WHOLE[:300] + b"\xff" * 10 + _WHOLE[310:],
        _saved([1]),
        _saved({"epoch": 1}),
        _saved(torch.nn.Linear(2, 2)),
    ],
    ids=["empty", "few bytes", "text", "half", "flipped", "a list", "no state", "code"],
)
def test_what_cannot_be_read_is_said_to_be_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "training-state.pt").write_bytes(data)
    with pytest.raises(ClientError) as error:
        load_state(tmp_path, _IDENTITY)
    assert str(error.value) == (
        f"the checkpoint {tmp_path}/training-state.pt cannot be read: remove it to start anew, or use another "
        "checkpoint location"
    )


class _FullDisk(io.FileIO):
    """A file on a disk with room for some bytes."""

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > 1000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


def test_a_full_disk_is_named_and_keeps_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_state(tmp_path, {**_STATE, "epoch": 1})
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda path, mode: _FullDisk(path, mode))
        assert exit_code_of(lambda: save_state(tmp_path, {**_STATE, "epoch": 2}), None) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("ClientError: no space is left on the disk (")
    assert [path.name for path in tmp_path.iterdir()] == ["training-state.pt"]
    found = load_state(tmp_path, _IDENTITY)
    assert found is not None
    assert found["epoch"] == 1
