"""What an engine is asked for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.containers import options
from infra.local.containers.connection import engine_address
from infra.local.containers.options import create_options

SPEC: dict[str, Any] = {
    "image": "mine:1",
    "command": ["train"],
    "entrypoint": None,
    "environment": {"SM_NUM_GPUS": "0"},
    "mounts": [
        {"source": "/home/me/ml", "target": "/opt/ml", "read_only": False},
        {"source": "/data", "target": "/opt/ml/input/data/train", "read_only": True},
    ],
    "network": True,
    "cpus": 2,
    "gpus": True,
    "home": "/home/me/.tuning",
    "job": "job-001",
}
INFO = {"MemTotal": 8 << 30, "NCPU": 8, "CpuCfsQuota": True}


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(options, "_DEVICES", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("devices")
def test_a_container_has_its_share_of_the_machine() -> None:
    asked = create_options(SPEC, INFO)
    assert asked["nano_cpus"] == 2_000_000_000
    assert asked["shm_size"] == 4 << 30
    assert asked["volumes"] == {
        "/home/me/ml": {"bind": "/opt/ml", "mode": "rw,z"},
        "/data": {"bind": "/opt/ml/input/data/train", "mode": "ro,z"},
    }
    assert not {"network_mode", "device_requests", "mem_limit"} & set(asked)


@pytest.mark.usefixtures("devices")
@pytest.mark.parametrize("info", [{**INFO, "NCPU": 2}, {**INFO, "CpuCfsQuota": False}, {}])
def test_the_processor_is_not_limited_where_it_is_not_shared_or_cannot_be(info: dict[str, Any]) -> None:
    assert "nano_cpus" not in create_options(SPEC, info)


@pytest.mark.usefixtures("devices")
def test_without_a_network() -> None:
    assert create_options({**SPEC, "network": False}, INFO)["network_mode"] == "none"


@pytest.mark.parametrize(("wanted", "found", "number"), [(True, 2, 2), (True, 0, 0), (False, 2, 0)])
def test_gpus_go_to_instance_types_that_have_some(devices: Path, found: int, number: int, *, wanted: bool) -> None:
    for name in ["nvidiactl", *(f"nvidia{n}" for n in range(found))]:
        (devices / name).touch()
    asked = create_options({**SPEC, "gpus": wanted}, INFO)
    assert asked["environment"]["SM_NUM_GPUS"] == str(number)
    requests = asked.get("device_requests", [])
    assert [(r.count, r.capabilities) for r in requests] == ([(-1, [["gpu"]])] if number else [])


def test_containers_of_two_homes_have_two_names() -> None:
    names = {create_options({**SPEC, "home": home}, INFO)["name"] for home in ("/a", "/b")}
    assert len(names) == 2
    assert all(name.startswith("job-001-") for name in names)


def test_the_engine_is_where_the_docker_command_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert engine_address({}) == "unix:///var/run/docker.sock"
    assert engine_address({"DOCKER_HOST": "tcp://there:2375"}) == "tcp://there:2375"
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "colima"}))
    place = tmp_path / "contexts/meta" / hashlib.sha256(b"colima").hexdigest()
    place.mkdir(parents=True)
    host = {"Host": "unix:///home/me/.colima/docker.sock"}
    (place / "meta.json").write_text(json.dumps({"Name": "colima", "Metadata": {}, "Endpoints": {"docker": host}}))
    assert engine_address({}) == "unix:///home/me/.colima/docker.sock"
    assert engine_address({"DOCKER_CONTEXT": "default"}) == "unix:///var/run/docker.sock"
