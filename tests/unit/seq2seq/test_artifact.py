"""Models as files: what a training job leaves behind is what translation reads, from its folder and its archive."""

from __future__ import annotations

import io
import tarfile
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


@pytest.mark.parametrize("prefix", ["", "./"])
def test_an_archive_is_as_good_as_the_folder(model: Path, prefix: str, tmp_path: Path) -> None:
    path = tmp_path / "model.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file in model.iterdir():
            archive.add(file, prefix + file.name)
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
    with pytest.raises(ClientError, match=r"holds no model of this algorithm: config\.json is missing"):
        artifact.load(path)
