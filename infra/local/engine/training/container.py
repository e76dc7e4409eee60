"""The training container's contract, below a job folder: what a program finds under /opt/ml and in its environment."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.processes import MARK

from .checkpoints import checkpoint_folder

HOST = "algo-1"
GROUP = "homogeneousCluster"

INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TZ",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    MARK,  # by it `tuning local down` finds programs that have lost their parents
)
"""Variables of the engine's own environment that a training program sees: nothing else of this machine."""


class Container:
    """The folder that plays /opt/ml for one training job.

    Args:
        folder: The job folder; `ml` below it is the container's.
    """

    def __init__(self, folder: Path) -> None:
        self.ml = folder / "ml"
        self.config = self.ml / "input" / "config"
        self.data = self.ml / "input" / "data"
        self.model = self.ml / "model"
        self.output = self.ml / "output"

    def create(self, request: dict[str, Any]) -> None:
        """Make the folders, empty but for checkpoints of earlier attempts, and write the configuration files."""
        for folder in (self.model, self.output):
            shutil.rmtree(folder, ignore_errors=True)
        checkpoints = checkpoint_folder(request, self.ml)
        for folder in (self.config, self.data, self.model, self.output / "data", checkpoints):
            folder.mkdir(parents=True, exist_ok=True)
        for name, content in (
            ("hyperparameters", request.get("HyperParameters", {})),
            ("inputdataconfig", input_data_config(request)),
            ("resourceconfig", resource_config(request)),
        ):
            (self.config / f"{name}.json").write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")

    @property
    def failure(self) -> str:
        """What the program wrote into its failure file; empty if it wrote none."""
        try:
            return (self.output / "failure").read_text(errors="replace").strip()
        except OSError:
            return ""

    def open_to_all(self) -> None:
        """Let any user read what is there and write into the folders: a real container's program may have any id.

        What an earlier attempt has left there may belong to another user, and is as it is.
        """
        for folder, _, files in os.walk(self.ml):
            for path in (Path(folder), *(Path(folder, file) for file in files)):
                if not path.is_symlink():
                    with contextlib.suppress(PermissionError):
                        path.chmod(path.stat().st_mode | (0o777 if path.is_dir() else 0o444))


def inherited() -> dict[str, str]:
    """What a program of this machine sees of the engine's own environment."""
    return {key: os.environ[key] for key in INHERITED if key in os.environ}


def job_environment(request: dict[str, Any], base: Path, *, arn: str, region: str, threads: int) -> dict[str, str]:
    """What the environment says of the job, the request's own variables aside.

    Args:
        request: The training job's request.
        base: Where the program finds what plays /opt/ml.
        arn: The training job's ARN.
        region: The region to name.
        threads: The job's share of the processor cores.
    """
    return {
        "SAGEMAKER_BASE_DIR": str(base),
        "TRAINING_JOB_NAME": request["TrainingJobName"],
        "TRAINING_JOB_ARN": arn,
        "AWS_REGION": region,
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": str(threads),
        **_sm_variables(request, base, threads=threads),
    }


def _sm_variables(request: dict[str, Any], base: Path, *, threads: int) -> dict[str, str]:
    hyperparameters: Mapping[str, str] = request.get("HyperParameters", {})
    channels = [c["ChannelName"] for c in request.get("InputDataConfig", [])]
    return {
        "SM_MODEL_DIR": str(base / "model"),
        "SM_INPUT_DIR": str(base / "input"),
        "SM_INPUT_CONFIG_DIR": str(base / "input/config"),
        "SM_OUTPUT_DIR": str(base / "output"),
        "SM_OUTPUT_DATA_DIR": str(base / "output/data"),
        "SM_CHANNELS": json.dumps(channels),
        **{f"SM_CHANNEL_{c.upper()}": str(base / "input/data" / c) for c in channels},
        "SM_HPS": json.dumps(dict(hyperparameters), sort_keys=True),
        **{f"SM_HP_{key.upper()}": value for key, value in hyperparameters.items()},
        "SM_INPUT_DATA_CONFIG": json.dumps(input_data_config(request), sort_keys=True),
        "SM_RESOURCE_CONFIG": json.dumps(resource_config(request), sort_keys=True),
        "SM_CURRENT_HOST": HOST,
        "SM_HOSTS": json.dumps([HOST]),
        "SM_NUM_CPUS": str(threads),
        "SM_NUM_GPUS": "0",
    }


def input_data_config(request: dict[str, Any]) -> dict[str, Any]:
    """The content of inputdataconfig.json."""
    mode = request["AlgorithmSpecification"]["TrainingInputMode"]
    channels = {}
    for channel in request.get("InputDataConfig", []):
        source = channel["DataSource"].get("S3DataSource", {})  # a file system is always there in full
        channels[channel["ChannelName"]] = {
            "TrainingInputMode": channel.get("InputMode", mode),
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
        }
    return channels


def resource_config(request: dict[str, Any]) -> dict[str, Any]:
    """The content of resourceconfig.json: one host, whatever the request asks for."""
    instance = request.get("ResourceConfig", {}).get("InstanceType", "local")
    return {
        "current_host": HOST,
        "current_instance_type": instance,
        "current_group_name": GROUP,
        "hosts": [HOST],
        "instance_groups": [{"instance_group_name": GROUP, "instance_type": instance, "hosts": [HOST]}],
        "network_interface_name": "lo",
    }
