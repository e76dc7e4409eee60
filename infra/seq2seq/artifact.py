"""The trained model as files: what becomes model.tar.gz, and what translation reads.

``config.json`` has the hyperparameters and the metrics, ``model.safetensors`` the parameters, and the vocabularies are
those that it was trained with.
"""

from __future__ import annotations

import json
import posixpath
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from safetensors.torch import load_file, save_file
from torch import Tensor

from infra.container import ClientError

from .hyperparameters import HyperParameters
from .model import Seq2Seq
from .vocabulary import SOURCE_FILE, TARGET_FILE, Vocabulary

CONFIG_FILE, MODEL_FILE = "config.json", "model.safetensors"
_FORMAT = 1


class Artifact(NamedTuple):
    """A model with all that is needed to translate with it."""

    model: Seq2Seq
    settings: HyperParameters
    source: Vocabulary
    target: Vocabulary
    metrics: dict[str, float]


def save(
    folder: Path,
    parameters: Mapping[str, Tensor],
    settings: HyperParameters,
    vocabularies: tuple[Vocabulary, Vocabulary],
    metrics: Mapping[str, float],
) -> None:
    """Writes a model's files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {"format": _FORMAT, "hyperparameters": settings.to_strings(), "metrics": dict(metrics)}
    save_file({name: value.contiguous() for name, value in parameters.items()}, folder / MODEL_FILE)
    # safetensors lets the owner alone read it; a server has another user than the container that trained.
    (folder / MODEL_FILE).chmod(0o644)
    vocabularies[0].save(folder / SOURCE_FILE)
    vocabularies[1].save(folder / TARGET_FILE)
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2), encoding="utf-8")


def load(path: Path) -> Artifact:
    """Reads a model from its folder or its model.tar.gz.

    Raises:
        ClientError: There is no model of this algorithm at the path.
    """
    if path.is_dir():
        return _load_folder(path)
    if not path.is_file():
        raise ClientError(f"there is no model at {path}: give a model.tar.gz or the folder that it was made of")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(path) as archive:
                _extract(archive, Path(folder))
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ClientError(f"{path} is not a readable tar archive: {error}") from error
        return _load_folder(Path(folder))


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """The model's files and no others, whatever else and wherever to an archive may want to write."""
    wanted = {CONFIG_FILE, MODEL_FILE, SOURCE_FILE, TARGET_FILE}
    for member in archive:
        name = posixpath.normpath(member.name)
        if name in wanted and member.isfile() and (content := archive.extractfile(member)) is not None:
            with content, (folder / name).open("wb") as file:
                shutil.copyfileobj(content, file)


def _load_folder(folder: Path) -> Artifact:
    for name in (CONFIG_FILE, MODEL_FILE):
        if not (folder / name).is_file():
            raise ClientError(f"{folder} holds no model of this algorithm: {name} is missing")
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    settings = HyperParameters.parse(config["hyperparameters"])
    source, target = Vocabulary.load(folder / SOURCE_FILE), Vocabulary.load(folder / TARGET_FILE)
    model = Seq2Seq(settings, len(source), len(target))
    model.load_state_dict(load_file(folder / MODEL_FILE))
    model.eval()
    return Artifact(model, settings, source, target, config["metrics"])
