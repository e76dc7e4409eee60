"""Models as files: what a training job leaves behind is what translation reads, from its folder and its archive."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from infra.container import ClientError
from infra.seq2seq import artifact
from infra.seq2seq.model import Seq2Seq
from infra.seq2seq.vocabulary import Vocabulary

from .tiny import settings


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model's folder."""
    words = Vocabulary.build([["a", "b", "c"]], max_words=10, min_count=1)
    parameters = Seq2Seq(settings(), len(words), len(words)).state_dict()
    artifact.save(tmp_path / "model", parameters, settings(), (words, words), {"perplexity": 2.5})
    return tmp_path / "model"


def _archive(model: Path, path: Path, prefix: str = "") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for file in sorted(model.iterdir()):
            archive.add(file, prefix + file.name)
    return path


@pytest.mark.parametrize("prefix", ["", "./"])
def test_an_archive_is_as_good_as_the_folder(model: Path, prefix: str, tmp_path: Path) -> None:
    path = _archive(model, tmp_path / "model.tar.gz", prefix)
    expected, found = artifact.load(model), artifact.load(path)
    assert found.metrics == expected.metrics == {"perplexity": 2.5}
    assert found.source.words == expected.source.words
    for name, value in expected.model.state_dict().items():
        assert torch.equal(found.model.state_dict()[name], value), name


@pytest.mark.parametrize("name", ["../outside", "/tmp/tuning-test-outside", "config.json/../../outside"])
def test_an_archive_writes_nothing_but_the_models_files(model: Path, name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tar"
    with tarfile.open(path, "w") as archive:
        for file in model.iterdir():
            archive.add(file, file.name)
        link = tarfile.TarInfo("config.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    assert artifact.load(path).metrics == {"perplexity": 2.5}
    assert not (tmp_path / "outside").exists()
    assert not Path("/tmp/tuning-test-outside").exists()


def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(b"not an archive")
    with pytest.raises(ClientError, match=r"model\.tar\.gz is not a readable tar archive: "):
        artifact.load(path)


def test_an_archive_without_a_model_is_said_to_have_none(tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz"):
        pass
    with pytest.raises(ClientError) as error:
        artifact.load(path)
    assert str(error.value) == f"{path} holds no model of this algorithm: config.json is missing"


@pytest.mark.parametrize("place", [0.01, 0.3, 0.5, 0.7, 0.99])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_archive_is_not_taken_for_a_model(model: Path, tmp_path: Path, place: float, damage: str) -> None:
    # GIVEN an archive that lost its end, or one bit
    path = _archive(model, tmp_path / "model.tar.gz")
    data = bytearray(path.read_bytes())
    at = int(len(data) * place)
    if damage == "cut":
        del data[at:]
    else:
        data[at] ^= 1
    path.write_bytes(data)
    # THEN
    with pytest.raises(ClientError, match=r"model\.tar\.gz is not a readable tar archive: "):
        artifact.load(path)


_NO_VERSION = "{model} holds no model that this version can read: the format in config.json must be 1, but got "
_OTHERS = "{model} is damaged: model.safetensors is not of the model that config.json and the vocabularies describe: "


@pytest.mark.parametrize(
    ("file", "spoil", "error"),
    [
        (
            "config.json",
            lambda _: b"{",
            "{model} is damaged: config.json is not JSON: Expecting property name enclosed in double quotes: line 1 "
            "column 2 (char 1)",
        ),
        ("config.json", lambda _: b"[]", f"{_NO_VERSION}None"),
        ("config.json", lambda text: text.replace(b'"format": 1', b'"format": 2'), f"{_NO_VERSION}2"),
        (
            "config.json",
            lambda text: text.replace(b'"rnn_num_hidden": "16"', b'"rnn_num_hidden": "20"'),
            f"{_OTHERS}size mismatch for output_weight: copying a param with shape torch.Size([7, 16]) from "
            "checkpoint, the shape in current model is torch.Size([7, 20]).",
        ),
        (
            "vocab.src.json",
            lambda text: text.replace(b"}", b',"d": 7}'),
            f"{_OTHERS}size mismatch for source_embedding.words.weight: copying a param with shape "
            "torch.Size([7, 12]) from checkpoint, the shape in current model is torch.Size([8, 12]).",
        ),
        (
            "model.safetensors",
            lambda data: data[:500],
            "{model} is damaged: model.safetensors cannot be read: Error while deserializing header: invalid header "
            "length",
        ),
    ],
)
def test_a_damaged_file_is_named(model: Path, file: str, spoil: Callable[[bytes], bytes], error: str) -> None:
    (model / file).write_bytes(spoil((model / file).read_bytes()))
    with pytest.raises(ClientError) as raised:
        artifact.load(model)
    assert str(raised.value) == error.format(model=model)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "vocab.src.json", "vocab.trg.json"])
def test_a_missing_file_is_named(model: Path, file: str) -> None:
    (model / file).unlink()
    with pytest.raises(ClientError) as raised:
        artifact.load(model)
    assert str(raised.value) == f"{model} holds no model of this algorithm: {file} is missing"
