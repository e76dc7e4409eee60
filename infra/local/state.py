"""What is running: the content of `local.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from infra.local.errors import LocalError, NotRunningError
from infra.local.home import Home
from infra.local.processes import ProcessId, is_alive

HOST = "127.0.0.1"

Part = Literal["ministack", "endpoint"]
PARTS: tuple[Part, ...] = ("ministack", "endpoint")
"""In the order of their start."""


@dataclass(frozen=True)
class LocalState:
    """Ports and processes of a local AWS. Ports outlive the processes, so that URLs in persisted state stay valid.

    Args:
        region: The region that it stands for.
        ministack_port: Port of the emulator, which has all services but the endpoint's. None before the first start.
        endpoint_port: Port of our endpoint: SageMaker and Service Quotas. None before the first start.
        ministack: The emulator's process, None where it was ended on purpose.
        endpoint: The endpoint's process, likewise.
    """

    region: str
    ministack_port: int | None = None
    endpoint_port: int | None = None
    ministack: ProcessId | None = None
    endpoint: ProcessId | None = None

    @property
    def ministack_url(self) -> str:
        """Where the emulator listens."""
        return f"http://{HOST}:{self.ministack_port}"

    @property
    def endpoint_url(self) -> str:
        """Where the endpoint listens."""
        return f"http://{HOST}:{self.endpoint_port}"

    @property
    def is_running(self) -> bool:
        """Whether both processes live."""
        return all(self.is_part_running(part) for part in PARTS)

    def is_part_running(self, part: Part) -> bool:
        """Whether the process of a part lives."""
        return is_alive(self.process(part))

    def process(self, part: Part) -> ProcessId | None:
        """The process of a part."""
        return self.ministack if part == "ministack" else self.endpoint

    def with_process(self, part: Part, process: ProcessId | None) -> LocalState:
        """The same with another process for a part."""
        return replace(self, ministack=process) if part == "ministack" else replace(self, endpoint=process)


def read_state(home: Home) -> LocalState | None:
    """The last state written; None where there is none.

    Raises:
        LocalError: The file cannot be understood.
    """
    try:
        text = home.local_json.read_text()
    except FileNotFoundError:
        return None
    try:
        fields = json.loads(text)
        for part in PARTS:
            fields[part] = None if fields[part] is None else ProcessId(**fields[part])
        return LocalState(**fields)
    except (ValueError, TypeError, KeyError) as error:
        raise LocalError(f"{home.local_json} is damaged ({error}); remove it and run `tuning local up`") from error


def write_state(home: Home, state: LocalState) -> None:
    """Write the state atomically."""
    _write(home.local_json, json.dumps(asdict(state), indent=1))


def running_state(home: Home) -> LocalState:
    """The state of a local AWS that runs.

    Raises:
        NotRunningError: It does not, or only in part.
    """
    state = read_state(home)
    if state is None or not state.is_running:
        raise NotRunningError(f"no local AWS is running in {home.path}: start it with `tuning local up`")
    return state


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text)
    beside.replace(path)
