"""Training images as real containers, where a Docker engine answers.

The supervisor of a training job runs `python -m infra.local.containers run` in the job's folder as its program: that
creates the container, hands its log and signals on, and ends with its exit code. So a job with a container is found
again, stopped and timed out like any other. `python -m infra.local.containers remove` takes away what a killed program
has left behind: a container is known by its labels, the state folder and the training job.

Here stands what the engine needs to know of it; `connection` and `program` import the Docker client.
"""

from __future__ import annotations

PACKAGE = __name__
PROGRAM = f"{PACKAGE}.program"
"""The module that is worth importing beforehand."""

RUN, REMOVE = "run", "remove"

CONNECTION = ("DOCKER_CERT_PATH", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_HOST", "DOCKER_TLS_VERIFY")
"""Environment variables that say where the Docker engine is."""

__all__ = ["CONNECTION", "PACKAGE", "PROGRAM", "REMOVE", "RUN"]
