"""One container from its start to its end, as the program of a training job."""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from docker.errors import APIError, DockerException, NotFound

from .connection import ContainerEngineError, connect
from .options import create_options, labels

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

_LOG_SECONDS = 10
"""How long the log of an ended container may take: some engines never say that it has come to its end."""

_ENGINE_ERRORS = (DockerException, requests.RequestException, OSError)


def run_container(folder: Path) -> int:
    """Run the container that `spec.json` of a job folder describes, to its end.

    What it prints goes to standard output; a SIGTERM goes on to it. A container that could not be started, or was lost
    with its engine, leaves its reason in the failure file.

    Returns:
        The container's exit code.
    """
    # Signals only leave a note: the engine's client must not be called from within itself.
    notes: queue.SimpleQueue[int | Exception | None] = queue.SimpleQueue()
    signal.signal(signal.SIGTERM, lambda *_: notes.put(None))
    spec = json.loads((folder / "spec.json").read_text())["container"]
    try:
        client = connect()
        _remove_all(client, spec)
        container = _start(client, spec)
    except (ContainerEngineError, *_ENGINE_ERRORS) as error:
        return _fail(spec, f"ClientError: the container could not be started: {_text(error)}")
    threading.Thread(target=_follow, args=(container, notes), daemon=True).start()
    while (note := notes.get()) is None:
        _terminate(container)
    if isinstance(note, Exception):
        return _fail(spec, f"InternalServerError: the container was lost with its Docker engine: {_text(note)}")
    _say_why(container)
    _remove_all(client, spec)
    return note


def remove_container(folder: Path) -> None:
    """Remove the container of a job folder, running or not, where there is one.

    Raises:
        ContainerEngineError: The engine does not answer, or refuses.
    """
    spec = json.loads((folder / "spec.json").read_text())["container"]
    client = connect()
    try:
        _remove_all(client, spec)
    except _ENGINE_ERRORS as error:
        raise ContainerEngineError(_text(error)) from error


def _start(client: DockerClient, spec: dict[str, Any]) -> Container:
    container = client.containers.create(**create_options(spec, client.info()))
    try:
        container.start()
    except BaseException:
        container.remove(force=True)
        raise
    return container


def _follow(container: Container, notes: queue.SimpleQueue[int | Exception | None]) -> None:
    """Hand the log on as it comes, and note the exit code at the end."""
    log = threading.Thread(target=_hand_on_log, args=(container,), daemon=True)
    log.start()
    try:
        code = int(container.wait()["StatusCode"])
    except Exception as error:
        notes.put(error)
        return
    log.join(_LOG_SECONDS)
    notes.put(code)


def _hand_on_log(container: Container) -> None:
    try:
        for chunk in container.logs(stream=True, follow=True):
            _write(chunk)
    except _ENGINE_ERRORS as error:
        _write(f"the container's log cannot be read: {_text(error)}\n".encode())


def _write(content: bytes) -> None:
    while content:
        content = content[os.write(1, content) :]


def _terminate(container: Container) -> None:
    """SIGTERM, whatever signal the image names: training containers get this one."""
    try:
        container.kill(signal="SIGTERM")
    except (APIError, requests.RequestException) as error:  # it has just ended, most likely
        _write(f"SIGTERM did not reach the container: {_text(error)}\n".encode())


def _say_why(container: Container) -> None:
    """A container that ran out of memory is killed without a word of its own."""
    try:
        container.reload()
        if container.attrs["State"].get("OOMKilled"):
            _write(b"the container was killed: it ran out of memory\n")
    except _ENGINE_ERRORS as error:
        _write(f"the container's end cannot be read: {_text(error)}\n".encode())


def _remove_all(client: DockerClient, spec: dict[str, Any]) -> None:
    wanted = [f"{name}={value}" for name, value in labels(spec).items()]
    for container in client.containers.list(all=True, filters={"label": wanted}, ignore_removed=True):
        try:
            container.remove(force=True, v=True)
        except NotFound:
            continue  # somebody else was faster


def _fail(spec: dict[str, Any], reason: str) -> int:
    Path(spec["ml"], "output", "failure").write_text(reason)
    return 1


def _text(error: Exception) -> str:
    """What the engine says of it, where it says something."""
    explanation = error.explanation if isinstance(error, APIError) else None
    return str(explanation or error).strip()
