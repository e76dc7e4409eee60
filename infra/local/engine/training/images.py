"""Which local program plays a training image, or which container it really is."""

from __future__ import annotations

import importlib
import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.containers import CONNECTION, PACKAGE, PROGRAM, REMOVE, RUN
from infra.local.engine.names import repository_name
from infra.local.home import Home

PROJECT = Path(__file__).resolve().parents[4]
"""Where our own packages are imported from."""

_Entry = list[str] | dict[str, str]
"""A line of the registry: a command, or the image of a container."""

_DOCKER = "docker"


class NoLocalImageError(LookupError):
    """No local program plays this image, and no container can; the text says what to do."""


@dataclass(frozen=True)
class LocalImage:
    """A program that plays a training image, with the metrics that it is known to print.

    The program of a container is the one that runs it: see `infra.local.containers`.
    """

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
    container: str | None = None
    """The name by which a Docker engine knows the image that is to run; None for a program of this machine."""

    @property
    def cleanup(self) -> tuple[str, ...]:
        """The command that takes away what a killed program may leave behind; empty where it leaves nothing."""
        return () if self.container is None else (*self.command[:-1], REMOVE)

    @property
    def text(self) -> str:
        """What a person reads in the list of images."""
        return shlex.join(self.command) if self.container is None else f"container of {self.container}"

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


def _container(reference: str, *, metrics_module: str | None = None) -> LocalImage:
    """The program that runs a container; `reference` is the engine's name for the image."""
    return LocalImage(
        (sys.executable, "-P", "-m", PACKAGE, RUN),
        {"PYTHONPATH": str(PROJECT), **{name: os.environ[name] for name in CONNECTION if name in os.environ}},
        built_in=True,
        module=(PACKAGE, RUN),
        preload=(PROGRAM,),
        metrics_module=metrics_module,
        container=reference,
    )


def find_image(home: Home, image: str) -> LocalImage:
    """The program for an image: one registered for exactly this name, for its repository name, or a built-in one.

    Args:
        home: The state folder.
        image: An image URI, or an algorithm's name or ARN.

    Raises:
        NoLocalImageError: There is none. A Docker engine is not asked: see `image_to_run`.
    """
    registered = registered_images(home)
    for name in (image, repository_name(image)):
        if name in registered:
            return registered[name]
        if name in BUILT_IN:
            return BUILT_IN[name]
    raise NoLocalImageError(f"image {image} has no local implementation")


def image_to_run(home: Home, image: str) -> LocalImage:
    """The program for an image, or else the program that runs a container of the image itself.

    Raises:
        NoLocalImageError: There is neither.
    """
    try:
        found = find_image(home, image)
    except NoLocalImageError:
        found = _container(image)
    if found.container is None:
        return found
    from infra.local.containers.connection import missing_image  # the client takes a while to import

    if (missing := missing_image(found.container)) is None:
        return found
    name = repository_name(image)
    if found.container != image:
        raise NoLocalImageError(
            f"image {image} is to run as a container of {found.container}, but {missing}; build or pull that into a "
            f"running Docker engine, or register a program with `tuning local image {name} -- COMMAND`, and create the "
            "job again"
        )
    raise NoLocalImageError(
        f"image {image} has no local implementation, and {missing}; register a program with `tuning local image {name} "
        f"-- COMMAND`, or build or pull the image into a running Docker engine (one of another name with `tuning local "
        f"image {name} --docker IMAGE`), and create the job again"
    )


def metric_definitions(home: Home, algorithm: Mapping[str, object]) -> dict[str, str]:
    """The regular expressions of a request's AlgorithmSpecification by metric name, its own before the image's."""
    own = algorithm.get("MetricDefinitions", [])
    assert isinstance(own, list)  # noqa: S101 (the model says so)
    definitions = {d["Name"]: d["Regex"] for d in own}
    try:
        built_in = find_image(home, image_name(algorithm)).metric_definitions
    except NoLocalImageError:
        return definitions
    return {**built_in, **definitions}


def image_name(algorithm: Mapping[str, object]) -> str:
    """What an AlgorithmSpecification trains with: its TrainingImage, or else its AlgorithmName."""
    return str(algorithm.get("TrainingImage", algorithm.get("AlgorithmName", "")))


def registered_images(home: Home) -> dict[str, LocalImage]:
    """What is registered, by image URI, repository name or algorithm name.

    Raises:
        ValueError: The registry is not readable.
    """
    return {name: _registered(name, entry) for name, entry in _read(home).items()}


def remove_image(home: Home, image: str) -> bool:
    """Forget a registered image. Says whether there was one of exactly that name."""
    images = _read(home)
    if images.pop(image, None) is None:
        return False
    _write(home, images)
    return True


def register_image(home: Home, image: str, command: Sequence[str]) -> None:
    """Let a command play an image from now on, as `tuning local image` does.

    Args:
        home: The state folder.
        image: A full image URI, a repository name (the last part of the path, no tag) for all its tags, or an
            algorithm's name.
        command: The program and its arguments; started with the training container's contract.

    Raises:
        ValueError: The command is empty.
    """
    if not command:
        raise ValueError(f"command must name a program, got none for image {image}")
    _write(home, {**_read(home), image: list(command)})


def register_container(home: Home, image: str, reference: str) -> None:
    """Let an image be a real container from now on, even where a program could play it.

    Args:
        home: The state folder.
        image: As for `register_image`.
        reference: The name by which the Docker engine knows the image that is to run.

    Raises:
        ValueError: The reference is empty.
    """
    if not reference:
        raise ValueError(f"docker must name an image of the Docker engine, got {reference!r} for image {image}")
    _write(home, {**_read(home), image: {_DOCKER: reference}})


def _registered(name: str, entry: _Entry) -> LocalImage:
    if isinstance(entry, list):
        return LocalImage(tuple(entry))
    built_in = BUILT_IN.get(repository_name(name))
    return _container(entry[_DOCKER], metrics_module=None if built_in is None else built_in.metrics_module)


def _read(home: Home) -> dict[str, _Entry]:
    try:
        images: dict[str, _Entry] = json.loads(home.images_json.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ValueError(f"the image registry {home.images_json} cannot be read: {error}; mend or remove it") from error
    return images


def _write(home: Home, images: dict[str, _Entry]) -> None:
    partial = home.images_json.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(images, indent=2, sort_keys=True) + "\n")
    partial.replace(home.images_json)
