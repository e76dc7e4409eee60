"""What a Docker engine is asked for: SageMaker's contract with a training container, with its share of this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from docker.types import DeviceRequest

HOST = "algo-1"

_DEVICES = Path("/dev")
_NANO = 10**9


def labels(spec: dict[str, Any]) -> dict[str, str]:
    """What a container is known by: jobs of different state folders may have one name."""
    return {"cdk-tuning.home": spec["home"], "cdk-tuning.training-job": spec["job"]}


def create_options(spec: dict[str, Any], info: dict[str, Any]) -> dict[str, Any]:
    """The options of docker-py's `containers.create`.

    Args:
        spec: The container's part of `spec.json`: `image`, `command`, `entrypoint` (or None), `environment`, `mounts`
            (`source`, `target`, `read_only`), `network` (whether it has one), `cpus`, `gpus` (whether it is to have
            them), `home` and `job`.
        info: What the engine says of itself.
    """
    home = hashlib.sha256(spec["home"].encode()).hexdigest()[:8]
    options: dict[str, Any] = {
        "image": spec["image"],
        "command": spec["command"],
        "entrypoint": spec["entrypoint"],
        "environment": spec["environment"],
        "hostname": HOST,
        "labels": labels(spec),
        "name": f"{spec['job']}-{home}",
        # z: readable for containers where SELinux guards the files; elsewhere it means nothing.
        "volumes": {
            m["source"]: {"bind": m["target"], "mode": "ro,z" if m["read_only"] else "rw,z"} for m in spec["mounts"]
        },
        # The engine's own default of 64 MB starves data loaders; memory is taken only as it is used.
        "shm_size": int(info.get("MemTotal", 0)) // 2 or None,
    }
    if not spec["network"]:
        options["network_mode"] = "none"
    if info.get("CpuCfsQuota") and spec["cpus"] < info.get("NCPU", 0):
        options["nano_cpus"] = spec["cpus"] * _NANO
    if spec["gpus"] and (devices := len(list(_DEVICES.glob("nvidia[0-9]*")))):
        options["environment"] = {**spec["environment"], "SM_NUM_GPUS": str(devices)}
        options["device_requests"] = [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    return options
