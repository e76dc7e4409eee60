"""The files of a job's channels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.container import ClientError, Container


@pytest.fixture
def container(tmp_path: Path) -> Container:
    """A job with the channel ``vocab`` and nothing in it."""
    (tmp_path / "input" / "config").mkdir(parents=True)
    (tmp_path / "input" / "data" / "vocab").mkdir(parents=True)
    return Container(tmp_path)


def _write(container: Container, *names: str) -> None:
    for name in names:
        path = container.channel("vocab") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("words")


def test_files_come_from_any_depth_in_order_without_hidden_ones(container: Container) -> None:
    _write(container, "b", "a/z", "a/.hidden", ".DS_Store")
    folder = container.channel("vocab")
    assert container.channel_files("vocab") == [folder / "a/z", folder / "b"]


def test_hidden_files_are_no_data(container: Container) -> None:
    _write(container, ".DS_Store")
    with pytest.raises(ClientError) as error:
        container.channel_files("vocab")
    folder = container.channel("vocab")
    assert str(error.value) == f"channel 'vocab' is empty: no data in {folder}; put its files under the channel's S3Uri"


def test_a_stream_has_no_files(container: Container) -> None:
    modes = {"vocab": {"TrainingInputMode": "Pipe"}}
    (container.base / "input/config/inputdataconfig.json").write_text(json.dumps(modes))
    with pytest.raises(ClientError) as error:
        container.channel_files("vocab")
    assert str(error.value) == ("channel 'vocab' must be files: set its InputMode to File or FastFile, but got Pipe")
