"""What the supervisor is told of a job's program: `spec.json`."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.local.engine.records import TrainingJob
from infra.local.home import Home

from .checkpoints import OPT_ML, checkpoint_folder, checkpoint_path, is_below_opt_ml
from .container import Container, inherited, job_environment
from .file_systems import file_system_mounts, file_system_of
from .images import LocalImage
from .local_objects import can_mount
from .mounts import Mount

_ACCELERATED = re.compile(r"ml\.(p|g)\d")


@dataclass(frozen=True)
class Share:
    """What a program gets of this machine and of its time."""

    threads: int
    max_runtime: float | None
    """Seconds; None for no limit."""
    grace: float
    """Seconds from SIGTERM to SIGKILL."""


def specification(home: Home, job: TrainingJob, image: LocalImage, share: Share, *, region: str) -> dict[str, Any]:
    """The content of `spec.json`, the attempt aside; `supervisor` says what each member means.

    Args:
        home: The state folder.
        job: The training job.
        image: What plays its image.
        share: The program's share.
        region: The region to name.
    """
    ml = Container(home.training_jobs / job.name).ml
    base = ml if image.container is None else OPT_ML
    of_the_job = job_environment(job.request, base, arn=job.arn, region=region, threads=share.threads)
    own = job.request.get("Environment", {})
    common = {
        "command": list(image.command),
        "module": list(image.module),
        "max_runtime": share.max_runtime,
        "grace": share.grace,
    }
    if image.container is None:
        mounts = _program_mounts(home, job, ml, built_in=image.built_in)
        return {
            **common,
            "environment": {**inherited(), **of_the_job, **image.environment, **own},
            "directory": str(ml),
            "mounts": [asdict(mount) for mount in mounts],
        }
    return {
        **common,
        "environment": {**inherited(), **image.environment},
        "directory": str(ml.parent),
        "mounts": [],
        "cleanup": list(image.cleanup),
        "container": _container(home, job, ml, {**of_the_job, **own}, share.threads) | {"image": image.container},
    }


def _program_mounts(home: Home, job: TrainingJob, ml: Path, *, built_in: bool) -> list[Mount]:
    """What a program of this machine finds elsewhere than it lies; our own ones look below SAGEMAKER_BASE_DIR."""
    mounts = []
    if not built_in:
        # What is read-only below `ml` first, so that it stands at the other place too. Without it, the program must not
        # start where the files may be the objects themselves.
        for folder in _fast_file_channels(job, ml):
            mounts.append(Mount(str(folder), str(folder), read_only=True, required=can_mount()))
        mounts += [Mount(str(ml), str(OPT_ML)), *_checkpoint_mounts(job, ml)]
    for mount in file_system_mounts(home, job.request):
        if mount.read_only:  # the channel's folder is a link to it
            mounts.append(Mount(mount.source, mount.source, read_only=True))
    return mounts


def _fast_file_channels(job: TrainingJob, ml: Path) -> list[Path]:
    """The folders of the channels in mode FastFile, which nobody can write to on AWS either."""
    mode = job.request["AlgorithmSpecification"]["TrainingInputMode"]
    return [
        ml / "input/data" / channel["ChannelName"]
        for channel in job.request.get("InputDataConfig", [])
        if channel.get("InputMode", mode) == "FastFile" and file_system_of(channel) is None
    ]


def _checkpoint_mounts(job: TrainingJob, ml: Path) -> list[Mount]:
    if is_below_opt_ml(job.request):
        return []
    return [Mount(str(checkpoint_folder(job.request, ml)), checkpoint_path(job.request), required=True)]


def _container(home: Home, job: TrainingJob, ml: Path, environment: dict[str, str], threads: int) -> dict[str, Any]:
    """A container as `infra.local.containers.options` wants it described, its image aside."""
    algorithm = job.request["AlgorithmSpecification"]
    instance = job.request.get("ResourceConfig", {}).get("InstanceType", "")
    mounts = [
        Mount(str(ml), str(OPT_ML)),
        *_checkpoint_mounts(job, ml),
        *(
            Mount(str(folder), str(OPT_ML / "input/data" / folder.name), read_only=True)
            for folder in _fast_file_channels(job, ml)
        ),
        *file_system_mounts(home, job.request),
    ]
    entrypoint = algorithm.get("ContainerEntrypoint")
    return {
        "command": algorithm.get("ContainerArguments", [] if entrypoint else ["train"]),
        "entrypoint": entrypoint,
        "environment": environment,
        "mounts": [asdict(mount) for mount in mounts],
        "network": not job.request.get("EnableNetworkIsolation", False),
        "cpus": threads,
        "gpus": _ACCELERATED.match(instance) is not None,
        "home": str(home.path),
        "job": job.name,
        "ml": str(ml),
    }
