"""Which local program plays a training image."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.engine.names import repository_name
from infra.local.home import Home

PROJECT = Path(__file__).resolve().parents[4]
"""Where our own packages are imported from."""


class NoLocalImageError(LookupError):
    """No local program plays this image; the text says how to register one."""


@dataclass(frozen=True)
class LocalImage:
    """A program that plays a training image, with the metrics that it is known to print."""

    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    built_in: bool = False
    """Whether it is one of ours, which reads SAGEMAKER_BASE_DIR and needs nothing at /opt/ml."""
    module: tuple[str, ...] = ()
    """The Python module that the command runs, with its arguments; a fork server can run it faster."""
    preload: tuple[str, ...] = ()
    """Modules that a fork server imports once for all jobs of the image."""
    metrics_module: str | None = None
    """The module whose METRIC_DEFINITIONS the image brings along, as the built-in algorithms do."""

    @property
    def metric_definitions(self) -> dict[str, str]:
        """Regular expressions by metric name; empty for an image of one's own."""
        if self.metrics_module is None:
            return {}
        definitions: Sequence[tuple[str, str]] = importlib.import_module(self.metrics_module).METRIC_DEFINITIONS
        return dict(definitions)


def _program(package: str, *preload: str) -> LocalImage:
    """One of our own packages; `preload` is what takes time to import."""
    return LocalImage(
        # -P keeps the working folder, where a job's files lie, out of the module search path.
        (sys.executable, "-P", "-m", package, "train"),
        {"PYTHONPATH": str(PROJECT)},
        built_in=True,
        module=(package, "train"),
        preload=preload,
        metrics_module=f"{package}.metric_lines",
    )


BUILT_IN = {
    "recommender": _program("infra.recommender", "infra.recommender.training_job"),
    "sagemaker-xgboost": _program("infra.xgboost", "infra.xgboost.library"),
    "seq2seq": _program("infra.seq2seq", "infra.seq2seq.training_job"),
    "xgboost": _program("infra.xgboost", "infra.xgboost.library"),
}
"""Our own programs, by repository name."""


def find_image(home: Home, image: str) -> LocalImage:
    """The program for an image URI: one registered for exactly this URI, for its repository name, or a built-in one.

    Raises:
        NoLocalImageError: There is none.
    """
    registered = registered_images(home)
    for name in (image, repository_name(image)):
        if name in registered:
            return LocalImage(tuple(registered[name]))
        if name in BUILT_IN:
            return BUILT_IN[name]
    raise NoLocalImageError(
        f"image {image} has no local implementation; register one with "
        f"`tuning local image {repository_name(image)} -- COMMAND` and create the job again"
    )


def metric_definitions(home: Home, algorithm: dict[str, object]) -> dict[str, str]:
    """The regular expressions of a request's AlgorithmSpecification by metric name, its own before the image's."""
    own = algorithm.get("MetricDefinitions", [])
    assert isinstance(own, list)  # noqa: S101 (the model says so)
    definitions = {d["Name"]: d["Regex"] for d in own}
    image = algorithm.get("TrainingImage")
    try:
        built_in = find_image(home, str(image)).metric_definitions
    except NoLocalImageError:
        return definitions
    return {**built_in, **definitions}


def registered_images(home: Home) -> dict[str, list[str]]:
    """The registered commands by image URI or repository name.

    Raises:
        ValueError: The registry is not readable.
    """
    try:
        images: dict[str, list[str]] = json.loads(home.images_json.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"the image registry {home.images_json} cannot be read: {error}; mend or remove it") from error
    return images


def remove_image(home: Home, image: str) -> bool:
    """Forget a registered image. Says whether there was one of exactly that name."""
    images = registered_images(home)
    if images.pop(image, None) is None:
        return False
    _write(home, images)
    return True


def register_image(home: Home, image: str, command: Sequence[str]) -> None:
    """Let a command play an image from now on, as `tuning local image` does.

    Args:
        home: The state folder.
        image: A full image URI, or a repository name (the last part of the path, no tag) for all its tags.
        command: The program and its arguments; started with the training container's contract.

    Raises:
        ValueError: The command is empty.
    """
    if not command:
        raise ValueError(f"command must name a program, got none for image {image}")
    _write(home, {**registered_images(home), image: list(command)})


def _write(home: Home, images: dict[str, list[str]]) -> None:
    partial = home.images_json.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(images, indent=2, sort_keys=True) + "\n")
    partial.replace(home.images_json)
