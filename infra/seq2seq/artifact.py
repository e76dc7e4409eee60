"""The trained model as files: what becomes model.tar.gz, and what translation reads.

``config.json`` has the hyperparameters and the metrics, ``model.safetensors`` the parameters, and the vocabularies are
those that it was trained with.
"""

from __future__ import annotations

import json
import lzma
import posixpath
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from infra.container import ClientError

from .hyperparameters import HyperParameters
from .model import Seq2Seq
from .vocabulary import SOURCE_FILE, TARGET_FILE, Vocabulary

CONFIG_FILE, MODEL_FILE = "config.json", "model.safetensors"
_FILES = (CONFIG_FILE, MODEL_FILE, SOURCE_FILE, TARGET_FILE)
_FORMAT = 1
_MIB = 1 << 20


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
        ClientError: There is no model of this algorithm at the path, or a file of it is damaged.
    """
    if path.is_dir():
        return _load_folder(path, path)
    if not path.is_file():
        raise ClientError(f"there is no model at {path}: give a model.tar.gz or the folder that it was made of")
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(path) as archive:
                _extract(archive, Path(folder))
        except (tarfile.TarError, EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            reason = str(error).partition("\n")[0]  # of several, one for each kind of compression
            raise ClientError(f"{path} is not a readable tar archive: {reason}") from error
        return _load_folder(Path(folder), path)


def _extract(archive: tarfile.TarFile, folder: Path) -> None:
    """The model's files and no others, whatever else and wherever to an archive may want to write."""
    for member in archive:
        name = posixpath.normpath(member.name)
        if name in _FILES and member.isfile() and (content := archive.extractfile(member)) is not None:
            with content, (folder / name).open("wb") as file:
                shutil.copyfileobj(content, file)
    # An archive ends before its file does, and the checksum of a compressed one comes last.
    while archive.fileobj is not None and archive.fileobj.read(_MIB):
        pass


def _load_folder(folder: Path, path: Path) -> Artifact:
    """Reads the files in a folder; errors name the path that they came from."""
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise ClientError(f"{path} holds no model of this algorithm: {missing[0]} is missing")
    settings, metrics = _load_config(folder / CONFIG_FILE, path)
    source, target = Vocabulary.load(folder / SOURCE_FILE), Vocabulary.load(folder / TARGET_FILE)
    model = Seq2Seq(settings, len(source), len(target))
    try:
        parameters = load_file(folder / MODEL_FILE)
    except SafetensorError as error:
        raise ClientError(f"{path} is damaged: {MODEL_FILE} cannot be read: {error}") from error
    try:
        model.load_state_dict(parameters)
    except RuntimeError as error:
        reason = " ".join(str(error).splitlines()[1].split())  # of the first parameter that does not fit
        raise ClientError(
            f"{path} is damaged: {MODEL_FILE} is not of the model that {CONFIG_FILE} and the vocabularies describe: "
            f"{reason}"
        ) from error
    model.eval()
    return Artifact(model, settings, source, target, metrics)


def _load_config(file: Path, path: Path) -> tuple[HyperParameters, dict[str, float]]:
    """Hyperparameters and metrics."""
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ClientError(f"{path} is damaged: {CONFIG_FILE} is not JSON: {error}") from error
    found = config.get("format") if isinstance(config, dict) else None
    if found != _FORMAT:
        raise ClientError(
            f"{path} holds no model that this version can read: the format in {CONFIG_FILE} must be {_FORMAT}, "
            f"but got {found!r}"
        )
    return HyperParameters.parse(config["hyperparameters"]), config["metrics"]
